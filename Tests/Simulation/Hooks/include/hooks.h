// What a simulation needs of others' libraries and Swift cannot say: the jobs of the global executor, so that it runs
// every job itself, and SQLite's settings for a process.
#pragma once

/// What takes a job; called on the thread that it was enqueued from.
typedef void (*edgecert_job_taker)(void *context, void *job);

/// From now on jobs for the global executor that are enqueued on this thread go to `taker`; NULL ends that.
void edgecert_take_jobs(edgecert_job_taker taker, void *context);

/// Runs a job that was taken, as the global executor would, on this thread.
void edgecert_run_job(void *job);

/// SQLite locks files among the connections of this process alone, and does not count the memory that it takes. Before
/// anything else is asked of SQLite; returns one of its codes, 0 where all went well.
int edgecert_keep_databases_within(void);

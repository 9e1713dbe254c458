// Takes the jobs of Swift's global executor on threads that ask for it, so that a simulation runs every job itself.
#pragma once

/// What takes a job; called on the thread that it was enqueued from.
typedef void (*edgecert_job_taker)(void *context, void *job);

/// From now on jobs for the global executor that are enqueued on this thread go to `taker`; NULL ends that.
void edgecert_take_jobs(edgecert_job_taker taker, void *context);

/// Runs a job that was taken, as the global executor would, on this thread.
void edgecert_run_job(void *job);

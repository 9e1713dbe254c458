#include "hooks.h"
#include <pthread.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

// As the runtime declares them (swift/Runtime/Concurrency.h).
typedef __attribute__((swiftcall)) void (*original_enqueue)(void *job);
typedef __attribute__((swiftcall)) void (*enqueue_hook)(void *job, original_enqueue original);
typedef struct { void *identity; uintptr_t implementation; } executor_reference;
extern enqueue_hook swift_task_enqueueGlobal_hook;
extern __attribute__((swiftcall)) void swift_job_run(void *job, executor_reference executor);

static _Thread_local edgecert_job_taker current_taker = NULL;
static _Thread_local void *current_context = NULL;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static __attribute__((swiftcall)) void take(void *job, original_enqueue original) {
    if (current_taker) current_taker(current_context, job);
    else original(job);
}

static void install(void) { swift_task_enqueueGlobal_hook = take; }

void edgecert_take_jobs(edgecert_job_taker taker, void *context) {
    pthread_once(&once, install);
    current_taker = taker;
    current_context = context;
}

int edgecert_keep_databases_within(void) {
    int code = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (code != SQLITE_OK) return code;
    return sqlite3_vfs_register(sqlite3_vfs_find("unix-excl"), 1);
}

void edgecert_run_job(void *job) {
    executor_reference generic = {NULL, 0};
    swift_job_run(job, generic);
}

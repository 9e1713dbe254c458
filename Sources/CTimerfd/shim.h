// Swift's own module of the C library leaves out <sys/timerfd.h>.
#pragma once
#include <limits.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>

/// A descriptor that becomes readable when the wall clock has been set, once armed; -1 with errno.
static inline int edgecert_step_watch_create(void) {
    return timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
}

/// Arms it (again) for the next time the clock is set; -1 with errno.
static inline int edgecert_step_watch_arm(int descriptor) {
    // The alarm itself is never due: it is the change of the clock under it that is waited for.
    struct itimerspec never = {.it_value = {.tv_sec = LONG_MAX}};
    return timerfd_settime(descriptor, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

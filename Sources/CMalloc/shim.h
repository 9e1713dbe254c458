#pragma once
// Swift's C library module leaves malloc.h out.
#include <malloc.h>

// One heap for all threads, given back to the kernel in small pieces. By default each thread gets a heap of its own, and
// what one page of a listing or a reading of the settings needed for a moment stays with it for ever.
static inline int edgecert_keep_memory_small(void) {
    return mallopt(M_ARENA_MAX, 1) && mallopt(M_TRIM_THRESHOLD, 64 << 10) && mallopt(M_MMAP_THRESHOLD, 64 << 10) &&
           mallopt(M_TOP_PAD, 16 << 10);
}

// Gives back what is free now. Worth its time after something large, such as a reading of the settings.
static inline void edgecert_give_memory_back(void) { malloc_trim(0); }

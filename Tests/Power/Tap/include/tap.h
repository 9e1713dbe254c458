// Shows a test what its own thread does to the files below one folder: whoever links this has the C library's calls that
// write, sync, make, name and remove replaced, for the whole program. On a thread that did not ask, they are the system
// calls that they always were.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum edgecert_deed {
    edgecert_opened,       // `file`, of `name` in `folder`
    edgecert_closed,       // `file`
    edgecert_written,      // `bytes` at `place` of `file`
    edgecert_sized,        // `file` has the size `place` now
    edgecert_synced,       // `file`
    edgecert_named,        // `name` in `folder` is called `new_name` in `new_folder` now
    edgecert_named_also,   // the same, and has its old name too
    edgecert_pointed,      // `name` in `folder` is a symbolic link to `new_name`
    edgecert_removed,      // `name` in `folder` is gone
    edgecert_folder_made,  // `name` in `folder`
};

/// One call that has succeeded. A name is a path, below the folder of the descriptor beside it unless it is absolute.
struct edgecert_call {
    enum edgecert_deed deed;
    int file;
    int folder, new_folder;
    const char *name, *new_name;
    const void *bytes;
    size_t length;
    off_t place;
    /// Of an opening: the file was not there; it was there, and is empty now.
    bool is_new, is_emptied;
};

/// Asked before each call that changes or syncs something: 0, or the `errno` with which the call fails, not made.
typedef int (*edgecert_may)(void *context);
/// Told of each call after it. What is called from in here is not told again.
typedef void (*edgecert_told)(void *context, const struct edgecert_call *call);

/// Begins for the calling thread. `root` is absolute, ends without a slash, and stays where it is in memory.
void edgecert_tap(const char *root, edgecert_may may, edgecert_told told, void *context);
/// Ends it.
void edgecert_untap(void);

#define _GNU_SOURCE
#include "tap.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { most_descriptors = 8192 };

struct tap {
    const char *root;
    size_t length;
    edgecert_may may;
    edgecert_told told;
    void *context;
    bool is_inside;
    bool is_ours[most_descriptors];
};

static _Thread_local struct tap *current = NULL;

void edgecert_tap(const char *root, edgecert_may may, edgecert_told told, void *context) {
    if (!current) current = calloc(1, sizeof *current);
    if (!current) abort();
    memset(current, 0, sizeof *current);
    *current = (struct tap){.root = root, .length = strlen(root), .may = may, .told = told, .context = context};
}

void edgecert_untap(void) {
    free(current);
    current = NULL;
}

static struct tap *tap(void) { return current && !current->is_inside ? current : NULL; }

static bool has_file(const struct tap *t, int file) {
    return t && file >= 0 && file < most_descriptors && t->is_ours[file];
}

/// Whether a path leads below the root. Nothing goes there by way of the working folder, or with `..`.
static bool has_path(const struct tap *t, int folder, const char *path) {
    if (!t || !path) return false;
    if (path[0] != '/') return has_file(t, folder);
    return strncmp(path, t->root, t->length) == 0 && (path[t->length] == '/' || path[t->length] == 0);
}

/// False when the call is to fail, with `errno` set.
static bool may(struct tap *t) {
    t->is_inside = true;
    int code = t->may(t->context);
    t->is_inside = false;
    if (code) errno = code;
    return code == 0;
}

static void tell(struct tap *t, struct edgecert_call call) {
    int code = errno;
    t->is_inside = true;
    t->told(t->context, &call);
    t->is_inside = false;
    errno = code;
}

static int open_below(int folder, const char *path, int flags, mode_t mode) {
    struct tap *t = tap();
    if (!has_path(t, folder, path)) {
        int file = (int)syscall(SYS_openat, folder, path, flags, mode);
        // A number that is used again is another file's.
        if (t && file >= 0 && file < most_descriptors) t->is_ours[file] = false;
        return file;
    }
    struct stat facts;
    bool is_there = fstatat(folder, path, &facts, AT_SYMLINK_NOFOLLOW) == 0;
    bool makes = (flags & O_CREAT) && !is_there;
    bool empties = (flags & O_TRUNC) && is_there;
    if ((makes || empties) && !may(t)) return -1;
    int file = (int)syscall(SYS_openat, folder, path, flags, mode);
    if (file < 0) return file;
    if (file >= most_descriptors) {
        fprintf(stderr, "tap: descriptor %d is too high\n", file);
        abort();
    }
    t->is_ours[file] = true;
    tell(t, (struct edgecert_call){
        .deed = edgecert_opened, .file = file, .folder = folder, .name = path, .is_new = makes, .is_emptied = empties});
    return file;
}

#define MODE_AFTER(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open(const char *path, int flags, ...) {
    MODE_AFTER(flags)
    return open_below(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE_AFTER(flags)
    return open_below(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...) {
    MODE_AFTER(flags)
    return open_below(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) {
    MODE_AFTER(flags)
    return open_below(folder, path, flags, mode);
}

int close(int file) {
    struct tap *t = tap();
    if (has_file(t, file)) {
        t->is_ours[file] = false;
        tell(t, (struct edgecert_call){.deed = edgecert_closed, .file = file});
    }
    return (int)syscall(SYS_close, file);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t place) {
    struct tap *t = tap();
    if (!has_file(t, file)) return syscall(SYS_pwrite64, file, bytes, length, place);
    if (!may(t)) return -1;
    ssize_t count = syscall(SYS_pwrite64, file, bytes, length, place);
    if (count > 0)
        tell(t, (struct edgecert_call){
            .deed = edgecert_written, .file = file, .bytes = bytes, .length = (size_t)count, .place = place});
    return count;
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t place) { return pwrite64(file, bytes, length, place); }

ssize_t write(int file, const void *bytes, size_t length) {
    struct tap *t = tap();
    if (!has_file(t, file)) return syscall(SYS_write, file, bytes, length);
    if (!may(t)) return -1;
    ssize_t count = syscall(SYS_write, file, bytes, length);
    if (count > 0)
        tell(t, (struct edgecert_call){
            .deed = edgecert_written, .file = file, .bytes = bytes, .length = (size_t)count,
            .place = lseek(file, 0, SEEK_CUR) - count});
    return count;
}

int ftruncate64(int file, off64_t size) {
    struct tap *t = tap();
    if (!has_file(t, file)) return (int)syscall(SYS_ftruncate, file, size);
    if (!may(t)) return -1;
    int code = (int)syscall(SYS_ftruncate, file, size);
    if (code == 0) tell(t, (struct edgecert_call){.deed = edgecert_sized, .file = file, .place = size});
    return code;
}

int ftruncate(int file, off_t size) { return ftruncate64(file, size); }

static int sync_by(long number, int file) {
    struct tap *t = tap();
    if (!has_file(t, file)) return (int)syscall(number, file);
    if (!may(t)) return -1;
    int code = (int)syscall(number, file);
    if (code == 0) tell(t, (struct edgecert_call){.deed = edgecert_synced, .file = file});
    return code;
}

int fsync(int file) { return sync_by(SYS_fsync, file); }
int fdatasync(int file) { return sync_by(SYS_fdatasync, file); }

int renameat(int folder, const char *name, int new_folder, const char *new_name) {
    struct tap *t = tap();
    bool is_ours = has_path(t, folder, name) || has_path(t, new_folder, new_name);
    if (is_ours && !may(t)) return -1;
    int code = (int)syscall(SYS_renameat2, folder, name, new_folder, new_name, 0);
    if (is_ours && code == 0)
        tell(t, (struct edgecert_call){
            .deed = edgecert_named, .folder = folder, .name = name, .new_folder = new_folder, .new_name = new_name});
    return code;
}

int rename(const char *name, const char *new_name) { return renameat(AT_FDCWD, name, AT_FDCWD, new_name); }

int linkat(int folder, const char *name, int new_folder, const char *new_name, int flags) {
    struct tap *t = tap();
    bool is_ours = has_path(t, new_folder, new_name);
    if (is_ours && !may(t)) return -1;
    int code = (int)syscall(SYS_linkat, folder, name, new_folder, new_name, flags);
    if (is_ours && code == 0)
        tell(t, (struct edgecert_call){
            .deed = edgecert_named_also, .folder = folder, .name = name, .new_folder = new_folder,
            .new_name = new_name});
    return code;
}

int link(const char *name, const char *new_name) { return linkat(AT_FDCWD, name, AT_FDCWD, new_name, 0); }

int symlinkat(const char *target, int folder, const char *name) {
    struct tap *t = tap();
    bool is_ours = has_path(t, folder, name);
    if (is_ours && !may(t)) return -1;
    int code = (int)syscall(SYS_symlinkat, target, folder, name);
    if (is_ours && code == 0)
        tell(t, (struct edgecert_call){
            .deed = edgecert_pointed, .folder = folder, .name = name, .new_name = target});
    return code;
}

int symlink(const char *target, const char *name) { return symlinkat(target, AT_FDCWD, name); }

int unlinkat(int folder, const char *name, int flags) {
    struct tap *t = tap();
    bool is_ours = has_path(t, folder, name);
    if (is_ours) {
        // What is not there, or is a folder and was taken for a file, is no change.
        struct stat facts;
        bool is_there = fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) == 0;
        is_ours = is_there && (S_ISDIR(facts.st_mode) != 0) == ((flags & AT_REMOVEDIR) != 0);
    }
    if (is_ours && !may(t)) return -1;
    int code = (int)syscall(SYS_unlinkat, folder, name, flags);
    if (is_ours && code == 0)
        tell(t, (struct edgecert_call){.deed = edgecert_removed, .folder = folder, .name = name});
    return code;
}

int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }

int mkdirat(int folder, const char *name, mode_t mode) {
    struct tap *t = tap();
    bool is_ours = has_path(t, folder, name);
    if (is_ours) {
        struct stat facts;
        is_ours = fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) != 0;
    }
    if (is_ours && !may(t)) return -1;
    int code = (int)syscall(SYS_mkdirat, folder, name, mode);
    if (is_ours && code == 0)
        tell(t, (struct edgecert_call){.deed = edgecert_folder_made, .folder = folder, .name = name});
    return code;
}

int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

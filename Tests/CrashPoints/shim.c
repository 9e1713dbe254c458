/* Kills the process that it is preloaded into at one of its system calls.
 *
 * Counted are the calls by which a daemon leaves traces in the world: those that write, sync, make, rename, remove or
 * give rights to anything below one folder, and those that connect, send or receive over TCP. The count goes on over
 * several processes that are given the same file. At the N-th that is meant the process is ended as by SIGKILL:
 *
 *   before   in place of the call: nothing of it has happened;
 *   torn     a write or a send of two bytes or more has been made with the first half of its bytes;
 *   after    a send has been made, and nothing that may come back has been looked at.
 *
 * "After" any other call is "before" the next: in between nothing happens that anybody else could see. From the moment
 * that the N-th call is reached, every thread that comes to a later one stands still, so that "before" means just that.
 *
 * Why a preloaded library and not strace, ptrace or seccomp: strace counts each thread's calls for itself (`when=`) and
 * slows all of them down tenfold; a tracer stops the world at each call and shifts what it is to measure; neither can
 * make half a write. Here a call costs a readlink more. What a library cannot see is a system call that goes round the
 * C library, and a call that the C library makes of itself: `crash-points --verify-shim` holds the shim's view of a
 * whole run against strace's.
 *
 * In the environment:
 *   CRASH_ROOT   the folder, without links in it and without a slash at its end
 *   CRASH_FILE   where calls are counted and written down; made by the caller, zeroed, of CRASH_FILE_BYTES
 *   CRASH_HOW    before, torn or after
 *   CRASH_AT     N; 0 for never
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define LINES 16384
#define LINE 120
#define HEAD 64
#define CRASH_FILE_BYTES (HEAD + LINES * LINE)

/* The file: counters, then one line of text for each call, in their order. */
struct file {
  _Atomic long calls;   /* all that were counted */
  _Atomic long meant;   /* those that the way to end applies to */
  _Atomic long fired;   /* the number among `calls` of the one that ended the process */
  char rest[HEAD - 3 * sizeof(long)];
  char lines[LINES][LINE];
};

enum how { NEVER, BEFORE, TORN, AFTER };
/* What a call is, as far as the ways to end go. */
enum sort { PLAIN = 0, HALVABLE = 1, SEND = 2 };

static struct file *file;
static const char *root;
static size_t root_length;
static enum how how = NEVER;
static long at;

static void give_up(const char *why) {
  dprintf(2, "shim: %s\n", why);
  _exit(70);
}

__attribute__((constructor)) static void begin(void) {
  const char *place = getenv("CRASH_FILE"), *way = getenv("CRASH_HOW"), *number = getenv("CRASH_AT");
  root = getenv("CRASH_ROOT");
  if (!place || !root || !way || !number) give_up("CRASH_ROOT, CRASH_FILE, CRASH_HOW and CRASH_AT must be set");
  root_length = strlen(root);
  at = atol(number);
  how = at <= 0 ? NEVER : !strcmp(way, "torn") ? TORN : !strcmp(way, "after") ? AFTER : BEFORE;
  int descriptor = (int)syscall(SYS_openat, AT_FDCWD, place, O_RDWR | O_CLOEXEC);
  void *memory = descriptor < 0 ? MAP_FAILED
                                : mmap(NULL, CRASH_FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) give_up("CRASH_FILE cannot be mapped");
  syscall(SYS_close, descriptor);
  file = memory;
}

/* Is it in the folder, or the folder itself? */
static bool is_inside(const char *path) {
  return !strncmp(path, root, root_length) && (path[root_length] == 0 || path[root_length] == '/');
}

static void stand_still(void) {
  for (;;) pause();
}

static void die(long number) {
  atomic_store(&file->fired, number);
  syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
  stand_still();
}

/* Counts a call, and does not come back where it is the one in place of which the process is to end.
 * Gives back the call's number where the process is to end in the midst of it or after it, else 0. */
static long count(const char *name, const char *what, long bytes, int sort) {
  int error = errno;
  long meant = 0;
  bool applies = how == BEFORE || (how == TORN && sort & HALVABLE && bytes >= 2) || (how == AFTER && sort & SEND);
  if (applies) {
    meant = atomic_fetch_add(&file->meant, 1) + 1;
    if (meant > at) stand_still();
  } else if (how != NEVER && atomic_load(&file->fired)) {
    stand_still();
  }
  long number = atomic_fetch_add(&file->calls, 1) + 1;
  if (number <= LINES) snprintf(file->lines[number - 1], LINE, "%s %s %ld", name, what, bytes);
  if (applies && meant == at) {
    if (how == BEFORE) die(number);
    errno = error;
    return number;
  }
  errno = error;
  return 0;
}

/* The path of an open descriptor below the folder; NULL elsewhere. */
static const char *inside(int descriptor, char path[PATH_MAX]) {
  if (!file) return NULL;
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  int error = errno;
  ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
  errno = error;
  if (length <= 0 || path[0] != '/') return NULL;
  path[length] = 0;
  return is_inside(path) ? path + root_length : NULL;
}

/* The place that a name means, seen from a folder. Links in it are not followed: nothing here has any on its way. */
static const char *place(int folder, const char *name, char path[PATH_MAX]) {
  if (!file) return NULL;
  size_t length = 0;
  if (name[0] != '/') {
    int error = errno;
    char link[40];
    snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
    ssize_t found = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 2);
    errno = error;
    if (found <= 0) return NULL;
    length = (size_t)found;
    path[length++] = '/';
  }
  if (length + strlen(name) >= PATH_MAX) return NULL;
  strcpy(path + length, name);
  return is_inside(path) ? path + root_length : NULL;
}

static bool is_tcp(int descriptor) {
  if (!file) return false;
  int error = errno, family = 0, type = 0;
  socklen_t size = sizeof family;
  bool is = !getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &family, &size) && (family == AF_INET || family == AF_INET6);
  size = sizeof type;
  is = is && !getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) && type == SOCK_STREAM;
  errno = error;
  return is;
}

/* What is behind a descriptor, when it is of the folder or of the network. */
static const char *known(int descriptor, char path[PATH_MAX], bool *is_network) {
  *is_network = is_tcp(descriptor);
  return *is_network ? "tcp" : inside(descriptor, path);
}

#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__); \
  if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

/* Opening: counted where it may make or empty a file. */

static bool may_change(int flags) { return flags & (O_CREAT | O_TRUNC) || (flags & O_TMPFILE) == O_TMPFILE; }

static void count_opening(int folder, const char *name, int flags) {
  char path[PATH_MAX];
  const char *what = may_change(flags) ? place(folder, name, path) : NULL;
  if (what) count("open", what, 0, PLAIN);
}

#define MODE(last) \
  mode_t mode = 0; \
  if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) { \
    va_list arguments; \
    va_start(arguments, last); \
    mode = va_arg(arguments, mode_t); \
    va_end(arguments); \
  }

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    REAL(int, name, const char *, int, ...); \
    MODE(flags) \
    count_opening(AT_FDCWD, path, flags); \
    return real(path, flags, mode); \
  }
#define OPENAT(name) \
  int name(int folder, const char *path, int flags, ...) { \
    REAL(int, name, int, const char *, int, ...); \
    MODE(flags) \
    count_opening(folder, path, flags); \
    return real(folder, path, flags, mode); \
  }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int creat(const char *path, mode_t mode) { return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return open64(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

/* Writing into a file or a socket. */

/* Makes the call; the half of it that is wanted before an end in its midst; and the end. */
#define CARRY_OUT(number, bytes, half, whole) \
  if (number && how == TORN) { \
    half; \
    die(number); \
  } \
  ssize_t result = whole; \
  if (number) die(number); \
  return result

ssize_t write(int descriptor, const void *bytes, size_t size) {
  REAL(ssize_t, write, int, const void *, size_t);
  char path[PATH_MAX];
  bool is_network;
  const char *what = known(descriptor, path, &is_network);
  long number = what ? count("write", what, (long)size, HALVABLE | (is_network ? SEND : 0)) : 0;
  CARRY_OUT(number, size, (void)!real(descriptor, bytes, size / 2), real(descriptor, bytes, size));
}

#define PWRITE(name, offset_type) \
  ssize_t name(int descriptor, const void *bytes, size_t size, offset_type offset) { \
    REAL(ssize_t, name, int, const void *, size_t, offset_type); \
    char path[PATH_MAX]; \
    const char *what = inside(descriptor, path); \
    long number = what ? count("pwrite", what, (long)size, HALVABLE) : 0; \
    CARRY_OUT(number, size, (void)!real(descriptor, bytes, size / 2, offset), real(descriptor, bytes, size, offset)); \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

static size_t length_of(const struct iovec *pieces, size_t pieces_count) {
  size_t length = 0;
  for (size_t i = 0; i < pieces_count; i++) length += pieces[i].iov_len;
  return length;
}

/* The first half of all the pieces together, in one piece of its own. */
static struct iovec first_half(const struct iovec *pieces, size_t pieces_count) {
  size_t half = length_of(pieces, pieces_count) / 2, done = 0;
  char *bytes = malloc(half + 1);
  for (size_t i = 0; i < pieces_count && bytes && done < half; i++) {
    size_t part = pieces[i].iov_len < half - done ? pieces[i].iov_len : half - done;
    memcpy(bytes + done, pieces[i].iov_base, part);
    done += part;
  }
  return (struct iovec){bytes, done};
}

ssize_t writev(int descriptor, const struct iovec *pieces, int pieces_count) {
  REAL(ssize_t, writev, int, const struct iovec *, int);
  char path[PATH_MAX];
  bool is_network;
  size_t given = pieces_count > 0 ? (size_t)pieces_count : 0, size = length_of(pieces, given);
  const char *what = known(descriptor, path, &is_network);
  long number = what ? count("writev", what, (long)size, HALVABLE | (is_network ? SEND : 0)) : 0;
  struct iovec half = number && how == TORN ? first_half(pieces, given) : (struct iovec){0};
  CARRY_OUT(number, size, (void)!real(descriptor, &half, 1), real(descriptor, pieces, pieces_count));
}

ssize_t send(int descriptor, const void *bytes, size_t size, int flags) {
  REAL(ssize_t, send, int, const void *, size_t, int);
  long number = is_tcp(descriptor) ? count("send", "tcp", (long)size, HALVABLE | SEND) : 0;
  CARRY_OUT(number, size, real(descriptor, bytes, size / 2, flags), real(descriptor, bytes, size, flags));
}

ssize_t sendto(
    int descriptor, const void *bytes, size_t size, int flags, const struct sockaddr *address, socklen_t length) {
  REAL(ssize_t, sendto, int, const void *, size_t, int, const struct sockaddr *, socklen_t);
  long number = is_tcp(descriptor) ? count("send", "tcp", (long)size, HALVABLE | SEND) : 0;
  CARRY_OUT(
      number, size, real(descriptor, bytes, size / 2, flags, address, length),
      real(descriptor, bytes, size, flags, address, length));
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
  REAL(ssize_t, sendmsg, int, const struct msghdr *, int);
  size_t size = length_of(message->msg_iov, message->msg_iovlen);
  long number = is_tcp(descriptor) ? count("send", "tcp", (long)size, HALVABLE | SEND) : 0;
  struct msghdr half = *message;
  struct iovec piece = number && how == TORN ? first_half(message->msg_iov, message->msg_iovlen) : (struct iovec){0};
  if (number && how == TORN) half.msg_iov = &piece, half.msg_iovlen = 1;
  CARRY_OUT(number, size, real(descriptor, &half, flags), real(descriptor, message, flags));
}

/* The rest of the network. Reading files leaves no trace, and is not counted. */

int connect(int descriptor, const struct sockaddr *address, socklen_t length) {
  REAL(int, connect, int, const struct sockaddr *, socklen_t);
  if (is_tcp(descriptor)) count("connect", "tcp", 0, PLAIN);
  return real(descriptor, address, length);
}

ssize_t read(int descriptor, void *bytes, size_t size) {
  REAL(ssize_t, read, int, void *, size_t);
  if (is_tcp(descriptor)) count("recv", "tcp", 0, PLAIN);
  return real(descriptor, bytes, size);
}

ssize_t recv(int descriptor, void *bytes, size_t size, int flags) {
  REAL(ssize_t, recv, int, void *, size_t, int);
  if (is_tcp(descriptor)) count("recv", "tcp", 0, PLAIN);
  return real(descriptor, bytes, size, flags);
}

ssize_t recvfrom(int descriptor, void *bytes, size_t size, int flags, struct sockaddr *address, socklen_t *length) {
  REAL(ssize_t, recvfrom, int, void *, size_t, int, struct sockaddr *, socklen_t *);
  if (is_tcp(descriptor)) count("recv", "tcp", 0, PLAIN);
  return real(descriptor, bytes, size, flags, address, length);
}

ssize_t recvmsg(int descriptor, struct msghdr *message, int flags) {
  REAL(ssize_t, recvmsg, int, struct msghdr *, int);
  if (is_tcp(descriptor)) count("recv", "tcp", 0, PLAIN);
  return real(descriptor, message, flags);
}

/* What libraries that were compiled with _FORTIFY_SOURCE call in their place. */

int __open_2(const char *path, int flags) { return open(path, flags); }
int __open64_2(const char *path, int flags) { return open64(path, flags); }
int __openat_2(int folder, const char *path, int flags) { return openat(folder, path, flags); }
int __openat64_2(int folder, const char *path, int flags) { return openat64(folder, path, flags); }
ssize_t __read_chk(int descriptor, void *bytes, size_t size, size_t room) {
  if (size > room) abort();
  return read(descriptor, bytes, size);
}
ssize_t __recv_chk(int descriptor, void *bytes, size_t size, size_t room, int flags) {
  if (size > room) abort();
  return recv(descriptor, bytes, size, flags);
}
ssize_t __recvfrom_chk(
    int descriptor, void *bytes, size_t size, size_t room, int flags, struct sockaddr *address, socklen_t *length) {
  if (size > room) abort();
  return recvfrom(descriptor, bytes, size, flags, address, length);
}

/* Calls about an open file, and calls about one or two names. */

#define ON_FILE(result_type, name, shown, parameters, given, ...) \
  result_type name parameters { \
    REAL(result_type, name, __VA_ARGS__); \
    char path[PATH_MAX]; \
    const char *what = inside(descriptor, path); \
    if (what) count(shown, what, 0, PLAIN); \
    return real given; \
  }
ON_FILE(int, fsync, "fsync", (int descriptor), (descriptor), int)
ON_FILE(int, fdatasync, "fdatasync", (int descriptor), (descriptor), int)
ON_FILE(int, ftruncate, "ftruncate", (int descriptor, off_t size), (descriptor, size), int, off_t)
ON_FILE(int, ftruncate64, "ftruncate", (int descriptor, off64_t size), (descriptor, size), int, off64_t)
ON_FILE(int, fchmod, "chmod", (int descriptor, mode_t mode), (descriptor, mode), int, mode_t)
ON_FILE(
    int, fchown, "chown", (int descriptor, uid_t user, gid_t group), (descriptor, user, group), int, uid_t, gid_t)
ON_FILE(
    int, fallocate, "fallocate", (int descriptor, int mode, off_t offset, off_t size),
    (descriptor, mode, offset, size), int, int, off_t, off_t)
ON_FILE(
    int, fallocate64, "fallocate", (int descriptor, int mode, off64_t offset, off64_t size),
    (descriptor, mode, offset, size), int, int, off64_t, off64_t)
ON_FILE(
    int, posix_fallocate, "fallocate", (int descriptor, off_t offset, off_t size), (descriptor, offset, size), int,
    off_t, off_t)
ON_FILE(
    int, posix_fallocate64, "fallocate", (int descriptor, off64_t offset, off64_t size), (descriptor, offset, size),
    int, off64_t, off64_t)

#define ON_NAME(name, shown, folder, parameters, given, ...) \
  int name parameters { \
    REAL(int, name, __VA_ARGS__); \
    char path[PATH_MAX]; \
    const char *what = place(folder, named, path); \
    if (what) count(shown, what, 0, PLAIN); \
    return real given; \
  }
ON_NAME(mkdir, "mkdir", AT_FDCWD, (const char *named, mode_t mode), (named, mode), const char *, mode_t)
ON_NAME(
    mkdirat, "mkdir", folder, (int folder, const char *named, mode_t mode), (folder, named, mode), int, const char *,
    mode_t)
ON_NAME(rmdir, "rmdir", AT_FDCWD, (const char *named), (named), const char *)
ON_NAME(unlink, "unlink", AT_FDCWD, (const char *named), (named), const char *)
ON_NAME(
    unlinkat, "unlink", folder, (int folder, const char *named, int flags), (folder, named, flags), int, const char *,
    int)
ON_NAME(remove, "unlink", AT_FDCWD, (const char *named), (named), const char *)
ON_NAME(truncate, "ftruncate", AT_FDCWD, (const char *named, off_t size), (named, size), const char *, off_t)
ON_NAME(chmod, "chmod", AT_FDCWD, (const char *named, mode_t mode), (named, mode), const char *, mode_t)
ON_NAME(
    fchmodat, "chmod", folder, (int folder, const char *named, mode_t mode, int flags), (folder, named, mode, flags),
    int, const char *, mode_t, int)
ON_NAME(rename, "rename", AT_FDCWD, (const char *old, const char *named), (old, named), const char *, const char *)
ON_NAME(
    renameat, "rename", folder, (int from, const char *old, int folder, const char *named),
    (from, old, folder, named), int, const char *, int, const char *)
ON_NAME(
    renameat2, "rename", folder, (int from, const char *old, int folder, const char *named, unsigned flags),
    (from, old, folder, named, flags), int, const char *, int, const char *, unsigned)
ON_NAME(link, "link", AT_FDCWD, (const char *old, const char *named), (old, named), const char *, const char *)
ON_NAME(
    linkat, "link", folder, (int from, const char *old, int folder, const char *named, int flags),
    (from, old, folder, named, flags), int, const char *, int, const char *, int)
ON_NAME(
    symlink, "symlink", AT_FDCWD, (const char *target, const char *named), (target, named), const char *, const char *)
ON_NAME(
    symlinkat, "symlink", folder, (const char *target, int folder, const char *named), (target, folder, named),
    const char *, int, const char *)

// Preloaded into a process (LD_PRELOAD): sees the calls that change files under FAULT_FOLDER.
// With FAULT_LOG it writes each one down, so that a power loss can be played afterwards. It lets calls fail on request: the
// process asks by opening a file that is not there, FAULT_FOLDER/.fail.KIND.N.ERRNO.COUNT (KIND `sync` or `write`): the
// N-th such call from then on fails, and the COUNT - 1 behind it. FAULT_FAIL=KIND.N.ERRNO.COUNT says so from the start.
// FAULT_FOLDER/.mark.TEXT writes TEXT into the log.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST_FILES 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *folder;
static size_t folder_length;
static int log_fd = -1;
static char *path_of[MOST_FILES];
static struct { long after; int code; long count; } failing[2]; /* 0 = sync, 1 = write */

static void ask(const char *what) {
  char kind[16];
  long after, count;
  int code;
  if (sscanf(what, "%15[a-z].%ld.%d.%ld", kind, &after, &code, &count) != 4) return;
  int which = strcmp(kind, "sync") == 0 ? 0 : 1;
  failing[which].after = after;
  failing[which].code = code;
  failing[which].count = count;
}

__attribute__((constructor)) static void start(void) {
  folder = getenv("FAULT_FOLDER");
  folder_length = folder ? strlen(folder) : 0;
  const char *log = getenv("FAULT_LOG");
  if (log) log_fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const char *fail = getenv("FAULT_FAIL");
  if (fail) ask(fail);
}

/* A record: op, three numbers of 8 bytes (offset, bytes of the path, bytes of the data), the path, the data. */
static void note(char op, const char *path, uint64_t offset, const void *data, uint64_t size) {
  if (log_fd < 0) return;
  uint64_t head[3] = { offset, strlen(path), size };
  struct iovec parts[4] = { { &op, 1 }, { head, sizeof head }, { (void *)path, head[1] }, { (void *)data, size } };
  syscall(SYS_writev, log_fd, parts, size > 0 ? 4 : 3);
}

static int is_ours(const char *path) { return folder && path && strncmp(path, folder, folder_length) == 0; }
static const char *ours(int fd) { return fd >= 0 && fd < MOST_FILES ? path_of[fd] : NULL; }

/* Whether this call is to fail; sets errno. */
static int fails(int which) {
  if (failing[which].count <= 0) return 0;
  if (failing[which].after > 1) { failing[which].after--; return 0; }
  failing[which].count--;
  errno = failing[which].code;
  return 1;
}

#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__); \
  if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name);

static int opened(int fd, const char *path, int flags, int was_there) {
  if (fd < 0 || fd >= MOST_FILES) return fd;
  pthread_mutex_lock(&lock);
  free(path_of[fd]);
  path_of[fd] = is_ours(path) ? strdup(path) : NULL;
  if (path_of[fd]) {
    if ((flags & O_CREAT) && !was_there) note('c', path, 0, NULL, 0);
    else if (flags & O_TRUNC) note('t', path, 0, NULL, 0);
  }
  pthread_mutex_unlock(&lock);
  return fd;
}

static int special(const char *path) {
  if (!is_ours(path)) return 0;
  const char *name = path + folder_length;
  if (strncmp(name, "/.fail.", 7) == 0) { ask(name + 7); return 1; }
  if (strncmp(name, "/.mark.", 7) == 0) { note('m', name + 7, 0, NULL, 0); return 1; }
  return 0;
}

static int is_there(const char *path) {
  struct stat found;
  return is_ours(path) && lstat(path, &found) == 0;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    REAL(int, #name, const char *, int, ...) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); } \
    if (special(path)) { errno = ENOENT; return -1; } \
    int was_there = is_there(path); \
    return opened(real(path, flags, mode), path, flags, was_there); \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  REAL(int, "close", int)
  if (ours(fd)) { pthread_mutex_lock(&lock); free(path_of[fd]); path_of[fd] = NULL; pthread_mutex_unlock(&lock); }
  return real(fd);
}

#define PWRITE(name, offset_type) \
  ssize_t name(int fd, const void *data, size_t size, offset_type offset) { \
    REAL(ssize_t, #name, int, const void *, size_t, offset_type) \
    const char *path = ours(fd); \
    if (path && fails(1)) return -1; \
    ssize_t done = real(fd, data, size, offset); \
    if (path && done > 0) note('w', path, offset, data, done); \
    return done; \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t size) {
  REAL(ssize_t, "write", int, const void *, size_t)
  const char *path = ours(fd);
  if (path && fails(1)) return -1;
  off_t at = path ? lseek(fd, 0, SEEK_CUR) : 0;
  ssize_t done = real(fd, data, size);
  if (path && done > 0) note('w', path, at, data, done);
  return done;
}

#define SYNC(name) \
  int name(int fd) { \
    REAL(int, #name, int) \
    const char *path = ours(fd); \
    if (path && fails(0)) return -1; \
    int done = real(fd); \
    if (path && done == 0) note('s', path, 0, NULL, 0); \
    return done; \
  }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name, size_type) \
  int name(int fd, size_type size) { \
    REAL(int, #name, int, size_type) \
    int done = real(fd, size); \
    if (ours(fd) && done == 0) note('t', ours(fd), size, NULL, 0); \
    return done; \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define TWO(name, op) \
  int name(const char *from, const char *to) { \
    REAL(int, #name, const char *, const char *) \
    int done = real(from, to); \
    if (done == 0 && is_ours(to)) note(op, from, 0, to, strlen(to)); \
    return done; \
  }
TWO(rename, 'r')
TWO(link, 'l')

#define ONE(name, op) \
  int name(const char *path) { \
    REAL(int, #name, const char *) \
    int done = real(path); \
    if (done == 0 && is_ours(path)) note(op, path, 0, NULL, 0); \
    return done; \
  }
ONE(unlink, 'u')
ONE(rmdir, 'u')

int mkdir(const char *path, mode_t mode) {
  REAL(int, "mkdir", const char *, mode_t)
  int done = real(path, mode);
  if (done == 0 && is_ours(path)) note('d', path, 0, NULL, 0);
  return done;
}

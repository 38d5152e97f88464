#include "append.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { APPEND_MODE = 0640 };

struct append {
    uv_work_t work;
    append_done *done;
    void *data;
    int error;
    size_t n;
    const char *path;
    char bytes[]; /* the content, then the path */
};

/* One write of the whole text keeps the entries of several writers apart. What was written of one that failed
 * half-way (the disk is full) is taken back, as long as nobody wrote behind it. */
static int append_write(int fd, const char *bytes, size_t n)
{
    size_t written = 0;
    struct stat file;

    while (written < n) {
        ssize_t got = write(fd, bytes + written, n - written);
        int error = got < 0 ? errno : ENOSPC;

        if (got < 0 && error == EINTR)
            continue;
        if (got > 0) {
            written += (size_t)got;
            continue;
        }
        off_t end = lseek(fd, 0, SEEK_CUR);
        if (written > 0 && fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && file.st_size == end &&
            ftruncate(fd, end - (off_t)written) != 0)
            return -EIO; /* a torn line stays: worse than the error that led here */
        return -error;
    }
    return 0;
}

static void append_on_work(uv_work_t *work)
{
    struct append *append = (struct append *)work;
    /* Not blocking: a pipe without a reader must not hold a worker thread for ever. */
    int fd =
        open(append->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, APPEND_MODE);

    if (fd < 0) {
        append->error = -errno;
        return;
    }
    append->error = append_write(fd, append->bytes, append->n);
    if (close(fd) != 0 && append->error == 0)
        append->error = -errno;
}

static void append_on_done(uv_work_t *work, int status)
{
    struct append *append = (struct append *)work;

    append->done(append->data, append, status != 0 ? status : append->error);
    free(append);
}

struct append *append_start(uv_loop_t *loop, const char *path, const void *bytes, size_t n, append_done *done,
                            void *data)
{
    size_t path_n = strlen(path) + 1;
    struct append *append = n > SIZE_MAX / 2 ? NULL : malloc(sizeof(*append) + n + path_n);

    if (append == NULL)
        return NULL;
    memset(append, 0, sizeof(*append));
    append->done = done;
    append->data = data;
    append->n = n;
    if (n > 0)
        memcpy(append->bytes, bytes, n);
    append->path = memcpy(append->bytes + n, path, path_n);
    if (uv_queue_work(loop, &append->work, append_on_work, append_on_done) != 0) {
        free(append);
        return NULL;
    }
    return append;
}

void append_redirect(struct append *append, append_done *done, void *data)
{
    append->done = done;
    append->data = data;
}

#include "append.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
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
    bool is_left;
    size_t n;
    const char *path;
    char bytes[]; /* the content, then the path */
};

/* What was written of an entry that failed half-way (the disk is full) is taken back, as long as nobody wrote
 * behind it and it can be: not out of a pipe. */
static bool take_back(int fd, size_t written)
{
    struct stat file;
    off_t end = lseek(fd, 0, SEEK_CUR);

    return written == 0 || (fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && file.st_size == end &&
                            ftruncate(fd, end - (off_t)written) == 0);
}

/* One write of the whole text keeps the entries of several writers apart. */
static void append_write(struct append *append, int fd)
{
    size_t written = 0;

    while (written < append->n) {
        ssize_t got = write(fd, append->bytes + written, append->n - written);
        int error = got < 0 ? errno : ENOSPC;

        if (got < 0 && error == EINTR)
            continue;
        if (got <= 0) {
            append->error = -error;
            append->is_left = !take_back(fd, written);
            return;
        }
        written += (size_t)got;
    }
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
    append_write(append, fd);
    if (close(fd) != 0 && append->error == 0) { /* a network's disk speaks up as late as this */
        append->error = -errno;
        append->is_left = true;
    }
}

static void append_on_done(uv_work_t *work, int status)
{
    struct append *append = (struct append *)work;

    append->done(append->data, append, status != 0 ? status : append->error, append->is_left);
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

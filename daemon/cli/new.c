#include "cli/new.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static enum cli_status not_written(const struct cli *cli, const char *path, int error)
{
    if (error == EEXIST)
        return cli_fail(cli, "%s is there already: nothing was written", "%s 已存在：没有写入", path);
    return cli_fail(cli, "%s: %s", "%s：%s", path, cli_error_text(cli, error));
}

static enum cli_status write_file(const struct cli *cli, const char *path, const struct buffer *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    bool good;

    if (file == NULL)
        return not_written(cli, path, errno);
    good = fwrite(buffer_text(text), 1, text->n, file) == text->n;
    good = fclose(file) == 0 && good;
    if (good)
        return CLI_OK;
    enum cli_status status = not_written(cli, path, errno);
    (void)unlink(path); /* half a rule is worse than none */
    return status;
}

enum cli_status new_write(const struct cli *cli, struct buffer *text, const char *next_english,
                          const char *next_chinese)
{
    const char *path = cli_option(cli, "to");
    enum cli_status status = CLI_OK;

    if (!buffer_ok(text)) {
        status = cli_fail(cli, "out of memory", "内存不足");
    } else if (path == NULL) {
        cli_print("%s", buffer_text(text));
    } else {
        status = write_file(cli, path, text);
        if (status == CLI_OK)
            fprintf(stderr, "%s: %s\n", path, cli->chinese ? next_chinese : next_english);
    }
    buffer_finish(text);
    return status;
}

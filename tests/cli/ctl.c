#include "ctl.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 32, LIMIT_MS = 30000 };

static const char settings_text[] =
    "redis     = \"%s\";\n"
    "streams   = [ \"hr:events\" ];\n"
    "rules     = \"%s/rules.d\";\n"
    "calendars = \"%s/calendars.d\";\n"
    "directory = \"%s/directory.d\";\n"
    "events    = \"%s/events.d\";\n"
    "templates = \"%s/templates\";\n"
    "plugins   = \"%s\";\n"
    "zone      = \"Asia/Shanghai\";\n"
    "calendar  = \"office\";\n"
    "channel   = \"mail\";\n"
    "channels  =\n"
    "{\n"
    "  mail = { plugin = \"log\"; path = \"%s/mail.jsonl\"; };\n"
    "  team = { plugin = \"log\"; path = \"%s/no/such/folder/team.jsonl\"; };\n"
    "};\n";

void ctl_path(const struct ctl *ctl, const char *name, char into[static 128])
{
    assert_true(snprintf(into, 128, "%s/%s", ctl->folder, name) < 128);
}

void ctl_write(const struct ctl *ctl, const char *name, const char *text)
{
    char path[128];
    FILE *file;

    ctl_path(ctl, name, path);
    file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

void ctl_start(struct ctl *ctl, const char *redis)
{
    static const char fixture[] = TEST_SOURCE_DIR "/fixture";
    struct buffer text;

    memset(ctl, 0, sizeof(*ctl));
    memcpy(ctl->folder, "/tmp/cuiban-ctl-XXXXXX", sizeof("/tmp/cuiban-ctl-XXXXXX"));
    assert_non_null(mkdtemp(ctl->folder));
    snprintf(ctl->settings, sizeof(ctl->settings), "%s/cuiban.cfg", ctl->folder);
    ctl->language = "C";
    buffer_init(&ctl->out);
    buffer_init(&ctl->err);
    buffer_init(&text);
    buffer_printf(&text, settings_text, redis, fixture, fixture, fixture, fixture, fixture, PLUGINS_DIR,
                  ctl->folder, ctl->folder);
    ctl_write(ctl, "cuiban.cfg", buffer_text(&text));
    buffer_finish(&text);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

void ctl_stop(struct ctl *ctl)
{
    nftw(ctl->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    buffer_finish(&ctl->out);
    buffer_finish(&ctl->err);
}

int ctl_setup(void **state)
{
    struct ctl *ctl = malloc(sizeof(*ctl));

    assert_non_null(ctl);
    ctl_start(ctl, "unix:/nonexistent/redis.sock");
    *state = ctl;
    return 0;
}

int ctl_teardown(void **state)
{
    ctl_stop(*state);
    free(*state);
    return 0;
}

static void run_child(const struct ctl *ctl, char *const *words, const int *out, const int *err)
{
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    for (int i = 0; i < 2; i++) {
        close(out[i]);
        close(err[i]);
    }
    setenv("LC_ALL", ctl->language, 1);
    setenv("USER", "tester", 1);
    unsetenv("SUDO_USER");
    execv(CUIBANCTL, words);
    _exit(127);
}

/* Both pipes at once: a program that fills one while we wait on the other would hang. */
static void read_both(struct ctl *ctl, pid_t child, int out, int err)
{
    struct pollfd fds[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
    struct buffer *into[2] = {&ctl->out, &ctl->err};
    char room[4096];
    int open_fds = 2;

    while (open_fds > 0) {
        if (poll(fds, 2, LIMIT_MS) <= 0) {
            kill(child, SIGKILL);
            return;
        }
        for (int i = 0; i < 2; i++) {
            ssize_t n = fds[i].revents == 0 ? 0 : read(fds[i].fd, room, sizeof(room));

            if (n > 0) {
                buffer_add(into[i], room, (size_t)n);
            } else if (fds[i].revents != 0) {
                fds[i].fd = -1;
                open_fds--;
            }
        }
    }
}

void ctl_run(struct ctl *ctl, ...)
{
    char *words[WORDS_MAX] = {(char *)"cuibanctl", (char *)"-c", ctl->settings};
    int out[2], err[2], status;
    size_t n = 3;
    pid_t child;
    va_list list;

    va_start(list, ctl);
    while (n + 1 < WORDS_MAX && (words[n] = va_arg(list, char *)) != NULL)
        n++;
    va_end(list);
    words[n] = NULL;
    buffer_clear(&ctl->out);
    buffer_clear(&ctl->err);
    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(err), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        run_child(ctl, words, out, err);
    close(out[1]);
    close(err[1]);
    read_both(ctl, child, out[0], err[0]);
    close(out[0]);
    close(err[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    ctl->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void ctl_expect(const struct ctl *ctl, int status, const char *out_piece, const char *err_piece)
{
    bool good = ctl->status == status;

    good = good && (out_piece == NULL || strstr(buffer_text(&ctl->out), out_piece) != NULL);
    good = good && (err_piece == NULL || strstr(buffer_text(&ctl->err), err_piece) != NULL);
    if (!good)
        fail_msg("wanted: %d, out %s, err %s\nis: %d\n%s\n%s", status, out_piece == NULL ? "-" : out_piece,
                 err_piece == NULL ? "-" : err_piece, ctl->status, buffer_text(&ctl->out),
                 buffer_text(&ctl->err));
}

void ctl_expect_not(const struct ctl *ctl, const char *out_piece)
{
    if (strstr(buffer_text(&ctl->out), out_piece) != NULL)
        fail_msg("not wanted: %s\nis: %s", out_piece, buffer_text(&ctl->out));
}

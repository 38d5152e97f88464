/* ctl.h: runs the built cuibanctl against a settings file of its own in a private folder. */
#ifndef CUIBAN_TESTS_CLI_CTL_H
#define CUIBAN_TESTS_CLI_CTL_H

#include "core/buffer.h"

struct ctl {
    char folder[64];
    char settings[96];
    const char *language; /* LC_ALL of the program; "C" at first */
    struct buffer out, err;
    int status; /* exit status of the last run; -1: it died */
};

/* Writes the settings: the fixture's rules, `redis`, and two channels of the plugin `log`. */
void ctl_start(struct ctl *ctl, const char *redis);
void ctl_stop(struct ctl *ctl);
/* Setup and teardown of a cmocka test that needs no Redis: its state is a struct ctl. */
int ctl_setup(void **state);
int ctl_teardown(void **state);

/* A file in the folder. */
void ctl_write(const struct ctl *ctl, const char *name, const char *text);
void ctl_path(const struct ctl *ctl, const char *name, char into[static 128]);

/* Runs it with `-c settings` and these words, up to NULL. */
void ctl_run(struct ctl *ctl, ...) __attribute__((sentinel));

/* Fail the test with the command's whole output unless it is so. */
void ctl_expect(const struct ctl *ctl, int status, const char *out_piece, const char *err_piece);
void ctl_expect_not(const struct ctl *ctl, const char *out_piece);

#endif

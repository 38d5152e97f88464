#include "backtest_rules.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A file of the fixture's rules; the first three working days, those of `confirm`, become another span. */
static void copy_rules(const struct ctl *ctl, const char *folder, const char *name, const char *span)
{
    char path[512], text[8192], *due;
    FILE *from;
    size_t n;

    (void)snprintf(path, sizeof(path), "%s/fixture/rules.d/%s", TEST_SOURCE_DIR, name);
    from = fopen(path, "re");
    assert_non_null(from);
    n = fread(text, 1, sizeof(text) - 1, from);
    text[n] = '\0';
    assert_true(n < sizeof(text) - 1);
    assert_int_equal(fclose(from), 0);
    due = strstr(text, "\"3wd\"");
    if (due != NULL && strncmp(text, "confirm:", 8) == 0)
        memcpy(due + 1, span, 3);
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    ctl_write(ctl, path, text);
}

void backtest_rules(const struct ctl *ctl, const char *folder, const char *span, char path[static 128])
{
    DIR *rules = opendir(TEST_SOURCE_DIR "/fixture/rules.d");
    const struct dirent *entry;

    assert_non_null(rules);
    ctl_path(ctl, folder, path);
    assert_int_equal(mkdir(path, 0755), 0);
    while ((entry = readdir(rules)) != NULL) {
        if (entry->d_name[0] != '.')
            copy_rules(ctl, folder, entry->d_name, span);
    }
    assert_int_equal(closedir(rules), 0);
}

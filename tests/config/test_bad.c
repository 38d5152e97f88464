/* Every bad/KIND-NAME.cfg, put in the place of KIND in the good settings of base/, gives exactly what
 * bad/KIND-NAME.expect says, warnings of config_lint included, and in Chinese what KIND-NAME.zh.expect says.
 * With CUIBAN_WRITE_EXPECT in the environment the .expect files are written instead, to be read before they
 * are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/chinese.h"
#include "config/config.h"
#include "core/buffer.h"

#define NOW INT64_C(1792458000000) /* 2026-10-20 09:00 in Shanghai: what is warned of depends on the day */

static const struct channel_facts channels[] = {
    {.name = "mail", .address = "email", .max_bytes = 2048},
    {.name = "robot", .reach = REACH_GROUP, .dialect = DIALECT_WECOM, .max_bytes = 1024},
};

static const char *const kinds[] = {"rules", "calendars", "directory", "events", "templates"};

/* Writes a settings file that names `bad` as `kind` and the good files for the rest. */
static void write_settings(const char *path, const char *kind, const char *bad)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fprintf(out,
            "redis = \"unix:/nowhere\"; streams = \"hr:events\"; calendar = \"office\"; channel = \"mail\";\n"
            "quiet = \"21:00-08:30\";\n"
            "channels = { mail = { plugin = \"email\"; }; robot = { plugin = \"wecom\"; }; };\n");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i], kind) == 0)
            fprintf(out, "%s = \"%s\";\n", kind, bad);
        else if (strcmp(kinds[i], "rules") == 0)
            fprintf(out, "rules = \"%s/base/rules.d/common.cfg\";\n", TEST_SOURCE_DIR);
        else
            fprintf(out, "%s = \"%s/base/%s%s\";\n", kinds[i], TEST_SOURCE_DIR, kinds[i],
                    strcmp(kinds[i], "templates") == 0 ? "" : ".d");
    }
    assert_int_equal(fclose(out), 0);
}

/* The text without the machine's paths. */
static void add_plain(struct buffer *out, const char *text, const char *folder)
{
    const char *cuts[] = {TEST_SOURCE_DIR "/", folder};
    while (text && *text) {
        size_t cut = 0;
        for (size_t i = 0; i < 2; i++)
            if (*cuts[i] && strncmp(text, cuts[i], strlen(cuts[i])) == 0)
                cut = strlen(cuts[i]);
        if (cut)
            text += cut;
        else
            buffer_add_char(out, *text++);
    }
}

/* A text that somebody forgot to hand to problem_text. */
static void expect_chinese(const char *text)
{
    bool chinese = !text;
    for (; text && *text; text++)
        chinese = chinese || (unsigned char)*text >= 0x80;
    assert_true(chinese);
}

static void load(const char *settings, const char *folder, problem_language *language, struct buffer *out)
{
    struct problems problems;
    struct config *config = NULL;
    problems_init(&problems);
    problems.language = language;
    if (config_load(settings, &problems, &config) == 0) {
        assert_int_equal(ruleset_set_channels(config->rules, channels, sizeof channels / sizeof *channels),
                         0);
        config_lint(config, NOW, &problems);
    }
    config_unload(config);
    for (size_t i = 0; i < problems.n; i++) {
        const struct problem *problem = &problems.items[i];
        add_plain(out, problem->file, folder);
        if (language) {
            expect_chinese(problem->what);
            expect_chinese(problem->hint);
        }
        buffer_printf(out, ":%d: %s: ", problem->line, problem->warning ? "warning" : "error");
        add_plain(out, problem->what, folder);
        buffer_add_char(out, '\n');
        if (!problem->hint)
            continue;
        buffer_add_text(out, "    ");
        add_plain(out, problem->hint, folder);
        buffer_add_char(out, '\n');
    }
    problems_finish(&problems);
}

static void read_whole(const char *path, struct buffer *out)
{
    char block[4096];
    size_t n;
    FILE *in = fopen(path, "r");
    if (!in)
        return;
    while ((n = fread(block, 1, sizeof block, in)) > 0)
        buffer_add(out, block, n);
    fclose(in);
}

static bool check(const char *name, problem_language *language)
{
    char folder[] = "/tmp/cuiban-config-XXXXXX", settings[128], bad[512], expect[512], kind[32], cut[64];
    struct buffer got, wanted;
    buffer_init(&got);
    buffer_init(&wanted);
    assert_non_null(mkdtemp(folder));
    snprintf(cut, sizeof cut, "%s/", folder);
    snprintf(settings, sizeof settings, "%s/cuiban.cfg", folder);
    snprintf(kind, sizeof kind, "%.*s", (int)strcspn(name, "-"), name);
    snprintf(bad, sizeof bad, "%s/bad/%s", TEST_SOURCE_DIR, name);
    snprintf(expect, sizeof expect, "%s/bad/%.*s%s.expect", TEST_SOURCE_DIR, (int)(strrchr(name, '.') - name),
             name, language ? ".zh" : "");
    if (strcmp(kind, "settings") == 0) {
        load(bad, cut, language, &got);
    } else {
        write_settings(settings, kind, bad);
        load(settings, cut, language, &got);
        unlink(settings);
    }
    rmdir(folder);
    if (getenv("CUIBAN_WRITE_EXPECT")) {
        FILE *out = fopen(expect, "w");
        assert_non_null(out);
        fputs(buffer_text(&got), out);
        fclose(out);
    }
    read_whole(expect, &wanted);
    bool same = got.n > 0 && strcmp(buffer_text(&got), buffer_text(&wanted)) == 0;
    if (!same)
        fprintf(stderr, "%s\n--- expected\n%s--- got\n%s", name, buffer_text(&wanted), buffer_text(&got));
    buffer_finish(&got);
    buffer_finish(&wanted);
    return same;
}

static int is_case(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot && (strcmp(dot, ".cfg") == 0 || strcmp(dot, ".d") == 0);
}

static void test_bad_files(void **state)
{
    (void)state;
    struct dirent **cases;
    int n = scandir(TEST_SOURCE_DIR "/bad", &cases, is_case, alphasort), wrong = 0;
    assert_true(n > 20);
    for (int i = 0; i < n; i++) {
        wrong += !check(cases[i]->d_name, NULL);
        wrong += !check(cases[i]->d_name, chinese_text);
        free(cases[i]);
    }
    free(cases);
    if (wrong)
        fail_msg("%d answers of %d bad files are not as expected", wrong, n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bad_files)};
    return cmocka_run_group_tests_name("bad files", tests, NULL, NULL);
}

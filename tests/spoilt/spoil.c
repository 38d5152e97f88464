/* spoil: spoils the shipped files again and again and reads them as check does: whatever a file holds, it is
 * read or refused with words, in both languages, and what is taken can be written out and read again.
 *
 *   spoil --from CONF --plugins DIR [--seed N] [--count N] [--first N] [--serve]
 *
 * It prints its seed and takes one; --first N begins with that one. With --serve each line on its standard
 * input asks for the next one: the answer is where it is, and what check says of it (test_spoilt.py asks a
 * daemon for the same). */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/time.h>
#include <unistd.h>

#include "config/chinese.h"
#include "config/config.h"
#include "config/rule_tests.h"
#include "core/calendar.h"
#include "core/utf8.h"
#include "delivery/plugin_host.h"
#include "tree.h"

#define NOW INT64_C(1792458000000) /* 2026-10-20 09:00 in Shanghai: what is warned of depends on the day */
enum { HANGS_S = 60 };             /* of the processor: the machine may be busy */

struct options {
    const char *from, *plugins, *redis;
    uint64_t seed, count, first;
    bool serves;
};

struct run {
    struct options options;
    struct tree tree;
    char settings[TREE_PATH_MAX], tests[TREE_PATH_MAX];
    struct zone *zone;
    uint64_t number;
    const char *file, *what; /* of the spoilt file */
    size_t taken, wrong;
};

static struct run *the_run; /* for the last words of a run that dies */

static void say_which(const char *why)
{
    fprintf(stderr, "spoil: %s: --seed %" PRIu64 " --first %" PRIu64 " --count 1: %s, %s\n", why,
            the_run->options.seed, the_run->number, the_run->file ? the_run->file : "-",
            the_run->what ? the_run->what : "-");
}

static void on_end(int number)
{
    say_which(number == SIGVTALRM ? "hangs" : "dies");
    signal(number, SIG_DFL);
    raise(number);
}

static void complain(struct run *run, const char *what, const char *detail)
{
    char text[1000];
    snprintf(text, sizeof text, "%s: %s", what, detail);
    say_which(text);
    run->wrong++;
}

/* -- what is said -- */

static void check_words(struct run *run, const struct problems *problems, int error)
{
    if (error == -ENOMEM)
        complain(run, "a false end", "out of memory");
    if (error == -EINVAL && problems->errors == 0)
        complain(run, "refused", "without a reason");
    for (size_t i = 0; i < problems->n; i++) {
        const struct problem *problem = &problems->items[i];
        const char *hint = problem->hint ? problem->hint : "x";
        if (!*problem->what || !*hint || !utf8_is_valid(problem->what, strlen(problem->what)) ||
            !utf8_is_valid(hint, strlen(hint)))
            complain(run, "not words", problem->what);
        if (!problem->warning && !problem->file)
            complain(run, "an error of no file", problem->what);
    }
}

/* -- what is taken -- */

/* As it will be read from Redis as long as a deadline stands by it. */
static void check_rules(struct run *run, const struct config *config)
{
    const struct rule *rules, *again = NULL;
    size_t n = ruleset_rules(config->rules, &rules);
    struct arena *arena = arena_create();
    for (size_t i = 0; i < n; i++) {
        if (config_parse_rule(config, arena, rules[i].text, &again))
            complain(run, "a rule's text cannot be read again", rules[i].text);
        else if (strcmp(again->fingerprint, rules[i].fingerprint) != 0)
            complain(run, "a rule's text is another one when it is read again", rules[i].text);
    }
    arena_destroy(arena);
}

static void check_channels(const struct config *config, struct problems *problems)
{
    struct plugin_channel *channels[CONFIG_CHANNELS_MAX];
    struct channel_facts facts[CONFIG_CHANNELS_MAX] = {{.name = NULL}};
    size_t n = 0, errors = problems->errors;
    for (size_t i = 0; i < config->settings.n_channels; i++) {
        const struct channel_setting *setting = &config->settings.channels[i];
        struct plugin_channel_options options = {
            .name = setting->name,
            .plugin = setting->plugin,
            .directory = config->settings.plugins,
            .rate = setting->rate,
            .fallback = setting->fallback,
            .concurrency = setting->concurrency,
            .options = setting->options,
            .language = problems->language,
        };
        char error[1024];
        if (plugin_channel_open(&options, &channels[n], error, sizeof error))
            problem_error(problems, setting->file, setting->line, "%s", error);
        else
            plugin_channel_facts(channels[n], &facts[n]), n++;
    }
    if (ruleset_set_channels(config->rules, facts, n) == 0 && problems->errors == errors)
        config_check_channels(config, problems);
    config_lint(config, NOW, problems);
    for (size_t i = 0; i < n; i++)
        plugin_channel_close(channels[i]);
}

static void check_tests(struct run *run)
{
    struct rule_tests tests;
    struct problems problems;
    problems_init(&problems);
    problems.language = run->number % 2 ? chinese_text : NULL;
    int error = rule_tests_read(run->tests, run->zone, &problems, &tests);
    check_words(run, &problems, error);
    rule_tests_finish(&tests);
    problems_finish(&problems);
}

/* As check reads them; what is sound of faulty ones is looked at, too, as status and list do. */
static size_t check_files(struct run *run, char first[static 400])
{
    const struct config_choice choice = {.despite_errors = true};
    struct problems problems;
    struct config *config = NULL;
    problems_init(&problems);
    problems.language = run->number % 2 ? chinese_text : NULL;
    int error = config_load_choice(run->settings, &choice, &problems, &config);
    check_words(run, &problems, error);
    if (!error && !config)
        complain(run, "taken", "but nothing is there");
    if (config) {
        check_rules(run, config);
        check_channels(config, &problems);
        check_words(run, &problems, 0);
    }
    size_t errors = problems.errors;
    first[0] = '\0';
    for (size_t i = 0; i < problems.n && !first[0]; i++)
        if (!problems.items[i].warning)
            snprintf(first, 400, "%s", problems.items[i].what);
    config_unload(config);
    problems_finish(&problems);
    return errors;
}

/* -- the run -- */

static void limit_to(int seconds)
{
    struct itimerval limit = {.it_value = {.tv_sec = seconds}};
    (void)setitimer(ITIMER_VIRTUAL, &limit, NULL);
}

static size_t next(struct run *run, char first[static 400])
{
    const struct tree_file *file = tree_spoil(&run->tree, run->options.seed, run->number, &run->what);
    size_t errors = 0;
    run->file = file->path;
    first[0] = '\0';
    limit_to(HANGS_S);
    if (strncmp(file->path, "tests.d/", 8) == 0)
        check_tests(run);
    else
        errors = check_files(run, first);
    limit_to(0);
    run->taken += errors == 0;
    return errors;
}

static void serve(struct run *run)
{
    char line[64], first[400];
    printf("folder %s\n", run->tree.folder);
    fflush(stdout);
    for (run->number = run->options.first; fgets(line, sizeof line, stdin); run->number++) {
        if (strcmp(line, "mend\n") == 0) {
            tree_mend(&run->tree);
            printf("mended\n");
        } else {
            size_t errors = next(run, first);
            for (char *c = first; *c; c++)
                *c = *c == '\n' || *c == '\t' ? ' ' : *c;
            printf("%" PRIu64 "\t%s\t%s\t%zu\t%s\n", run->number, run->file, run->what, errors, first);
        }
        fflush(stdout);
    }
}

static void go_through(struct run *run)
{
    char first[400];
    uint64_t end = run->options.first + run->options.count;
    for (run->number = run->options.first; run->number < end; run->number++) {
        (void)next(run, first);
        if ((run->number + 1) % 1000 == 0)
            fprintf(stderr, "spoil: %" PRIu64 ", %zu taken, %zu wrong\n", run->number + 1, run->taken,
                    run->wrong);
    }
    printf("spoil: seed %" PRIu64 ": %" PRIu64 " spoilt files of %zu files, %zu taken, %zu wrong\n",
           run->options.seed, run->options.count, run->tree.n, run->taken, run->wrong);
}

static bool parse_options(int argc, char **argv, struct options *out)
{
    static const struct option known[] = {
        {"from", required_argument, NULL, 'f'},  {"plugins", required_argument, NULL, 'p'},
        {"redis", required_argument, NULL, 'r'}, {"seed", required_argument, NULL, 's'},
        {"count", required_argument, NULL, 'c'}, {"first", required_argument, NULL, 'i'},
        {"serve", no_argument, NULL, 'v'},       {NULL, 0, NULL, 0},
    };
    int option;
    *out = (struct options){.count = 1000};
    (void)!getrandom(&out->seed, 4, 0);
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        uint64_t number = optarg ? strtoull(optarg, NULL, 10) : 0;
        switch (option) {
        case 'f':
            out->from = optarg;
            break;
        case 'p':
            out->plugins = optarg;
            break;
        case 'r':
            out->redis = optarg;
            break;
        case 's':
            out->seed = number;
            break;
        case 'c':
            out->count = number;
            break;
        case 'i':
            out->first = number;
            break;
        case 'v':
            out->serves = true;
            break;
        default:
            return false;
        }
    }
    return out->from && out->plugins;
}

int main(int argc, char **argv)
{
    static const int ends[] = {
#ifndef __SANITIZE_ADDRESS__ /* which tells more of these itself, and then aborts */
        SIGSEGV, SIGBUS, SIGFPE,
#endif
        SIGABRT, SIGVTALRM};
    char folder[] = "/tmp/cuiban-spoilt-XXXXXX", first[400];
    struct run *run = the_run = calloc(1, sizeof *run);
    if (!run || !parse_options(argc, argv, &run->options) || !mkdtemp(folder)) {
        fprintf(stderr, "usage: spoil --from CONF --plugins DIR [--redis SOCKET] [--seed N] [--count N] "
                        "[--first N] [--serve]\n");
        return 2;
    }
    fprintf(stderr, "spoil: --seed %" PRIu64 "\n", run->options.seed);
    tree_copy(&run->tree, run->options.from, folder, run->options.plugins, run->options.redis);
    tree_path(&run->tree, "cuiban.cfg", run->settings);
    tree_path(&run->tree, "tests.d", run->tests);
    if (config_zone("Asia/Shanghai", &run->zone) || check_files(run, first) > 0)
        complain(run, "the files that are shipped", first);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        signal(ends[i], on_end);
    if (run->options.serves)
        serve(run);
    else
        go_through(run);
    size_t wrong = run->wrong;
    zone_destroy(run->zone);
    tree_remove(&run->tree);
    free(run);
    return wrong > 0;
}

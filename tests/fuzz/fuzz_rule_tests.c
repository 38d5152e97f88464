/* A file of rule tests, as people write it. */
#include "config/rule_tests.h"
#include "input.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* The reader wants a path: a file that no folder has, and that ends with the program. */
static int open_file(const uint8_t *data, size_t n)
{
    int file = memfd_create("tests", MFD_CLOEXEC);

    if (file < 0 || (n > 0 && write(file, data, n) != (ssize_t)n)) {
        abort();
    }
    return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct config *config;
    int file = open_file(data, n);
    char path[64];
    struct problems problems;
    struct rule_tests tests;

    problems_init(&problems);
    if (!config && config_load(WORLD "/cuiban.cfg", &problems, &config)) {
        abort();
    }
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (rule_tests_read(path, ruleset_policy(config->rules)->zone, &problems, &tests) && !problems.errors) {
        abort(); /* whoever is refused is told why */
    }
    rule_tests_finish(&tests);
    problems_finish(&problems);
    (void)close(file);
    return 0;
}

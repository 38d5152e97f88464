/* The text of a rule as base:rules keeps it. */
#include "config/config.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct config *config;
    char *text = input_text(data, n);
    struct arena *arena = arena_create();
    const struct rule *rule;
    struct problems problems;

    problems_init(&problems);
    if (!config && config_load(WORLD "/cuiban.cfg", &problems, &config)) {
        abort();
    }
    problems_finish(&problems);
    if (arena) {
        (void)config_parse_rule(config, arena, text, &rule);
    }
    arena_destroy(arena);
    free(text);
    return 0;
}

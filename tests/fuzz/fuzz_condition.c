/* One line of `where`. */
#include "core/condition.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = input_text(data, n);
    struct arena *arena = arena_create();
    struct condition condition;
    const char *why = "";
    static const struct field field = {"a", "3.5"};
    static const struct fields fields = {&field, 1};

    if (arena && condition_parse(arena, text, &condition, &why) == 0) {
        (void)condition_holds(&condition, &fields);
    }
    arena_destroy(arena);
    free(text);
    return 0;
}

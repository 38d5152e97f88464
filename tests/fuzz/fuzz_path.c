/* A recipient. */
#include "core/path.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = input_text(data, n);
    struct arena *arena = arena_create();
    struct path path;
    const char *why = "";

    if (arena && path_parse(arena, text, &path, &why) == 0) {
        (void)path_is_department(&path);
    }
    arena_destroy(arena);
    free(text);
    return 0;
}

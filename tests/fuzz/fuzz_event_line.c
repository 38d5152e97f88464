/* A line of a file of events, and the texts of a journal's record. */
#include "cli/event_read.h"
#include "core/arena.h"
#include "core/json_members.h"
#include "input.h"

static void read_texts(struct arena *arena, const uint8_t *data, size_t n)
{
    struct json_scanner scanner;
    struct fields fields;

    json_scan_init(&scanner, (const char *)data, n);
    if (json_next(&scanner) == JSON_OBJECT) {
        (void)json_read_texts(&scanner, arena, &fields);
    }
    json_scan_finish(&scanner);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena *arena = arena_create();
    struct event_draft draft;
    const char *why = NULL;

    if (arena && !event_draft_read(arena, (const char *)data, n, &draft, &why) && !why) {
        abort(); /* whoever is refused is told why */
    }
    if (arena) {
        read_texts(arena, data, n);
    }
    arena_destroy(arena);
    return 0;
}

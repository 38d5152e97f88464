/* Names and values of an event, NUL between them. */
#include "core/event.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct raw_field raw[EVENT_FIELDS_MAX + 2];
    char *text = input_text(data, n);
    struct arena *arena = arena_create();
    struct event event;
    const char *why = "";
    size_t fields = 0;

    for (size_t at = 0; at < n && fields < EVENT_FIELDS_MAX + 2;) {
        const char *name = text + at;
        size_t name_n = strnlen(name, n - at);
        at += at + name_n < n ? name_n + 1 : name_n;
        const char *value = text + at;
        size_t value_n = strnlen(value, n - at);
        at += at + value_n < n ? value_n + 1 : value_n;
        raw[fields++] = (struct raw_field){name, value, name_n, value_n};
    }
    if (arena &&
        event_parse(arena, &(struct event_place){{1, 1}, n % 2, 1000}, raw, fields, 2000, &event, &why)) {
        const char *items[EVENT_LIST_MAX];
        for (size_t i = 0; i < event.fields.n; i++) {
            (void)event_list(arena, event.fields.items[i].value, items);
        }
    }
    arena_destroy(arena);
    free(text);
    return 0;
}

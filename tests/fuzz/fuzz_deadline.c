/* The JSON of base:deadlines: what is read is written the same way again and again. */
#include "core/deadline.h"
#include "input.h"

static const struct rule *find(const void *data, const char *name, const char *fingerprint)
{
    (void)name;
    (void)fingerprint;
    return data;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct step steps[2] = {{.name = "open", .times = 3}, {.name = "due", .times = 1}};
    static const char *const types[2] = {"a.b", "a.c"};
    static const struct selector meet = {.on = {types, 2}, .all = true};
    static const struct rule rule = {
        .name = "r", .fingerprint = "0123456789abcdef", .meets = {&meet, 1}, .steps = steps, .n_steps = 2};
    struct deadline *deadline;
    const char *why = "";

    if (deadline_decode((const char *)data, n, find, &rule, &deadline, &why) == 0) {
        struct buffer text;
        struct deadline *again;
        buffer_init(&text);
        deadline_encode(deadline, &text);
        if (deadline_decode(buffer_text(&text), text.n, find, &rule, &again, &why) == 0) {
            deadline_destroy(again);
        } else {
            abort();
        }
        (void)deadline_check(deadline);
        deadline_destroy(deadline);
        buffer_finish(&text);
    }
    return 0;
}

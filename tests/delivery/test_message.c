/* test_message.c: titles as they read where no dialect is shown, links among them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/message.h"

static void test_plain_titles(void **state)
{
    static const struct {
        enum dialect dialect;
        const char *title, *plain;
    } cases[] = {
        {DIALECT_COMMONMARK, "**Late**: [the form](https://x/a_b)", "Late: the form"},
        {DIALECT_COMMONMARK, "a [b](https://x) c [d](https://y/) e", "a b c d e"},
        {DIALECT_COMMONMARK, "\\[not a link\\](x) \\*", "[not a link](x) *"},
        {DIALECT_COMMONMARK, "[words] in brackets", "[words] in brackets"},
        {DIALECT_COMMONMARK, "[open](https://x", "open](https://x"},
        {DIALECT_PLAIN, "**Late**: [the form](https://x)", "**Late**: [the form](https://x)"},
        {DIALECT_PLAIN, "two\nlines\r", "two lines "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer out;

        buffer_init(&out);
        message_plain_title(&out, cases[i].dialect, cases[i].title);
        if (strcmp(buffer_text(&out), cases[i].plain) != 0)
            fail_msg("\"%s\" reads \"%s\", not \"%s\"", cases[i].title, buffer_text(&out), cases[i].plain);
        buffer_finish(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_plain_titles)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

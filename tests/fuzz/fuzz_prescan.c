/* A file of rules before libconfig sees it. */
#include "config/prescan.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = input_text(data, n);
    struct problems problems;

    problems_init(&problems);
    (void)prescan("fuzz.cfg", text, n, &problems);
    problems_finish(&problems);
    free(text);
    return 0;
}

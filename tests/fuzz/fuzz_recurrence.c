/* A recurrence: what is read is written so that it reads the same. */
#include <string.h>

#include "core/recurrence.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = input_text(data, n);
    char shown[RECURRENCE_TEXT_MAX], again[RECURRENCE_TEXT_MAX];
    struct recurrence recurrence, same;
    const char *why = "";

    if (recurrence_parse(text, &recurrence, &why) == 0 &&
        (recurrence_parse(recurrence_format(&recurrence, shown), &same, &why) ||
         strcmp(shown, recurrence_format(&same, again)) != 0)) {
        abort();
    }
    free(text);
    return 0;
}

/* A span: what is read is written so that it reads the same. */
#include "core/span.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = input_text(data, n);
    char shown[SPAN_TEXT_MAX];
    struct span span, again;
    struct span_field field;
    const char *why = "";

    if (span_parse(text, &span, &why) == 0 && span_parse(span_format(&span, shown), &again, &why)) {
        abort();
    }
    (void)span_field_parse(text, &field);
    free(text);
    return 0;
}

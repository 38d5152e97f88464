/* A template, and every way of escaping a value. */
#include "core/template.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct template *template;
    const char *why = "";
    int line = 0;
    char *text = input_text(data, n);
    struct buffer out;

    if (template_parse((const char *)data, n, &template, &why, &line) == 0) {
        template_destroy(template);
    }
    buffer_init(&out);
    for (int dialect = DIALECT_PLAIN; dialect <= DIALECT_DINGTALK; dialect++) {
        template_escape(&out, (enum dialect)dialect, text);
    }
    template_mask(&out, text);
    buffer_finish(&out);
    free(text);
    return 0;
}

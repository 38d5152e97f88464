#include "web/metrics.h"

#include <inttypes.h>

static void add_escaped(struct buffer *out, const char *text, bool in_quotes)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            buffer_add_text(out, "\\\\");
        else if (*text == '\n')
            buffer_add_text(out, "\\n");
        else if (*text == '"' && in_quotes)
            buffer_add_text(out, "\\\"");
        else
            buffer_add_char(out, *text);
    }
}

void metrics_family(struct buffer *out, const char *name, const char *type, const char *help)
{
    buffer_printf(out, "# HELP %s ", name);
    add_escaped(out, help, false);
    buffer_printf(out, "\n# TYPE %s %s\n", name, type);
}

static void add_name(struct buffer *out, const char *name, const struct metric_label *labels, size_t n)
{
    buffer_add_text(out, name);
    for (size_t i = 0; i < n; i++) {
        buffer_add_char(out, i == 0 ? '{' : ',');
        buffer_printf(out, "%s=\"", labels[i].name);
        add_escaped(out, labels[i].value, true);
        buffer_add_char(out, '"');
    }
    if (n > 0)
        buffer_add_char(out, '}');
    buffer_add_char(out, ' ');
}

void metrics_int(struct buffer *out, const char *name, const struct metric_label *labels, size_t n,
                 int64_t value)
{
    add_name(out, name, labels, n);
    buffer_printf(out, "%" PRId64 "\n", value);
}

void metrics_count(struct buffer *out, const char *name, const struct metric_label *labels, size_t n,
                   uint64_t value)
{
    add_name(out, name, labels, n);
    buffer_printf(out, "%" PRIu64 "\n", value);
}

void metrics_seconds(struct buffer *out, const char *name, const struct metric_label *labels, size_t n,
                     int64_t value_ms)
{
    /* The sign apart: -0.5 has a whole part of 0, which has none. */
    uint64_t size = value_ms < 0 ? UINT64_C(0) - (uint64_t)value_ms : (uint64_t)value_ms;

    add_name(out, name, labels, n);
    buffer_printf(out, "%s%" PRIu64 ".%03" PRIu64 "\n", value_ms < 0 ? "-" : "", size / 1000, size % 1000);
}

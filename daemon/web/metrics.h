/* metrics.h: writes the Prometheus text format, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Texts are UTF-8; nothing is kept. */
#ifndef CUIBAN_WEB_METRICS_H
#define CUIBAN_WEB_METRICS_H

#include "core/buffer.h"

struct metric_label {
    const char *name;
    const char *value; /* escaped here */
};

/* The head of a family, once, before its samples. `type`: "counter", "gauge". */
void metrics_family(struct buffer *out, const char *name, const char *type, const char *help);
void metrics_int(struct buffer *out, const char *name, const struct metric_label *labels, size_t n,
                 int64_t value);
/* For counters that are kept without a sign. */
void metrics_count(struct buffer *out, const char *name, const struct metric_label *labels, size_t n,
                   uint64_t value);
/* Milliseconds, written as seconds: what Prometheus wants times in. */
void metrics_seconds(struct buffer *out, const char *name, const struct metric_label *labels, size_t n,
                     int64_t value_ms);

#endif

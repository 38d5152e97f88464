/* template.h: a Mustache subset for messages: {{name}}, {{owner.name}}, {{{raw}}}, {{#list}}..{{/list}},
 * {{^none}}..{{/none}},
 * {{! comment}}. First line: the title; the rest: the body in a small Markdown (cuiban-rules(5)).
 *
 * Parsed once, rendered often. Every value goes through an escape function of the channel's dialect, except
 * in {{{ }}}, which is for values that cuiban built itself (`link`, `answer`: other names are refused); no
 * text of an event ever reaches one. A line that has tags and comes out blank vanishes; several empty lines
 * become one. */
#ifndef CUIBAN_CORE_TEMPLATE_H
#define CUIBAN_CORE_TEMPLATE_H

#include "buffer.h"
#include "channel_facts.h"

enum {
    TEMPLATE_DEPTH_MAX = 8,
    TEMPLATE_VALUE_BYTES_MAX = 200
}; /* one value never pushes the link out of a message */

struct template;

/* 0, -EINVAL (*why: English sentence, static; *line: where) or -ENOMEM. */
int template_parse(const char *text, size_t n, struct template **out, const char **why, int *line);
void template_destroy(struct template *template);

/* Names that a template uses, for `check`: called once per mention. */
void template_names(const struct template *template, void (*name)(void *data, const char *name, int line),
                    void *data);

/* What a name means. `value`: false if it is unknown or empty. `section`: how many times a section repeats
 * (0, 1, or the length of a list); `enter` makes the next lookups see element i of that list, `leave` ends
 * that. */
struct template_values {
    void *data;
    bool (*value)(void *data, const char *name, struct buffer *out, bool *is_private);
    size_t (*section)(void *data, const char *name);
    void (*enter)(void *data, const char *name, size_t i);
    void (*leave)(void *data);
};

struct template_options {
    enum dialect dialect;
    bool hide_private; /* groups: names marked private show as 王* */
};

/* Renders title (one line) and body. 0 or -ENOMEM. */
int template_render(const struct template *template, const struct template_values *values,
                    const struct template_options *options, struct buffer *title, struct buffer *body);
/* A one-line template such as `about` or `link`, given as text. In `about` a part between " · " of which no
 * value is known is left out. `link` percent-encodes its values; it comes out empty if a value of its path is
 * missing. */
int template_render_line(const char *text, const struct template_values *values,
                         const struct template_options *options, bool is_url, struct buffer *out);

/* Escapes one value for a dialect; control characters and bidi overrides are dropped, long values cut. */
void template_escape(struct buffer *out, enum dialect dialect, const char *value);
void template_mask(struct buffer *out, const char *name); /* 王小明 -> 王* */

/* The messages of all languages: name "reminder", language "zh-CN". Owns its templates. */
struct templates;
struct templates *templates_create(void);
/* 0, -EEXIST (the same name twice in one language) or -ENOMEM; the template is taken in any case. */
int templates_add(struct templates *templates, const char *language, const char *name, struct template *take);
int templates_set_default(struct templates *templates, const char *language); /* 0 or -ENOMEM */
/* The language ("en" serves "en-US"), else the default language, else any. NULL if there is none of that
 * name. */
const struct template *templates_find(const struct templates *templates, const char *language,
                                      const char *name);
void templates_destroy(struct templates *templates);

#endif

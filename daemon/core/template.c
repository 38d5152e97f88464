#include "template.h"

#include "template_escape.h"
#include "template_node.h"
#include "utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TEMPLATE_BYTES_MAX = 16 * 1024, RENDERED_BYTES_MAX = 64 * 1024 };

struct template
{
    char *text;
    struct nodes title;
    struct nodes body;
};

/* -- parsing -- */

static char *copy_text(const char *text, size_t n)
{
    char *copy = malloc(n + 1);
    if (!copy)
        return NULL;
    size_t to = 0;
    for (size_t i = 0; i < n; i++)
        if (text[i] != '\r')
            copy[to++] = text[i];
    copy[to] = '\0';
    return copy;
}

static bool has_tag_over_lines(const char *title, size_t n)
{
    const char *tag = NULL;
    for (size_t i = 0; i + 1 < n; i++) {
        if (title[i] == '{' && title[i + 1] == '{')
            tag = title + i;
        else if (title[i] == '}' && title[i + 1] == '}')
            tag = NULL;
    }
    return tag != NULL;
}

static int parse_parts(struct template *template, const char **why, int *line)
{
    const char *title = template->text + strspn(template->text, "# ");
    size_t title_n = strcspn(title, "\n");
    *line = 1;
    if (!title_n) {
        *why = "the first line must be the title";
        return -EINVAL;
    }
    if (has_tag_over_lines(title, title_n)) {
        *why = "a tag of the title must be closed in the first line";
        return -EINVAL;
    }
    int error = nodes_parse(&template->title, title, title_n, 1, why, line);
    if (error)
        return error;
    const char *body = title + title_n;
    body += *body == '\n';
    return nodes_parse(&template->body, body, strlen(body), 2, why, line);
}

int template_parse(const char *text, size_t n, struct template **out, const char **why, int *line)
{
    *line = 1;
    if (n > TEMPLATE_BYTES_MAX)
        *why = "a template may have 16384 bytes";
    else if (memchr(text, '\0', n) || !utf8_is_valid(text, n))
        *why = "the text is not valid UTF-8: save the file as UTF-8";
    else
        *why = NULL;
    if (*why)
        return -EINVAL;
    if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        n -= 3;
    }
    struct template *template = calloc(1, sizeof *template);
    if (!template)
        return -ENOMEM;
    template->text = copy_text(text, n);
    int error = template->text ? parse_parts(template, why, line) : -ENOMEM;
    if (error) {
        template_destroy(template);
        return error;
    }
    *out = template;
    return 0;
}

void template_destroy(struct template *template)
{
    if (!template)
        return;
    nodes_finish(&template->title);
    nodes_finish(&template->body);
    free(template->text);
    free(template);
}

void template_names(const struct template *template, void (*name)(void *data, const char *name, int line),
                    void *data)
{
    const struct nodes *parts[] = {&template->title, &template->body};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < parts[i]->n; j++)
            if (parts[i]->items[j].kind != NODE_TEXT)
                name(data, parts[i]->items[j].text, parts[i]->items[j].line);
}

/* -- rendering -- */

struct renderer {
    const struct nodes *nodes;
    const struct template_values *values;
    const struct template_options *options;
    bool is_url;
    struct buffer *out;
    struct buffer value; /* of one tag, unescaped */
    size_t begun;        /* where `out` stood at the beginning */
    size_t line;         /* where the current line begins in `out` */
    bool line_has_tag;
    size_t asked, found; /* values looked up, and those that were there */
};

static bool is_blank(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i] != ' ' && text[i] != '\t')
            return false;
    return true;
}

static void trim_end(struct buffer *out, size_t down_to)
{
    size_t n = out->n;
    while (n > down_to &&
           (out->bytes[n - 1] == ' ' || out->bytes[n - 1] == '\t' || out->bytes[n - 1] == '\n'))
        n--;
    buffer_truncate(out, n);
}

/* A line whose tags left nothing vanishes; several empty lines become one, and none stands at the beginning.
 */
static void end_line(struct renderer *renderer)
{
    struct buffer *out = renderer->out;
    bool blank = is_blank(buffer_text(out) + renderer->line, out->n - renderer->line);
    bool vanishes = renderer->line_has_tag || renderer->line == renderer->begun ||
                    (renderer->line >= renderer->begun + 2 && out->bytes[renderer->line - 2] == '\n');
    trim_end(out, renderer->line);
    if (!blank || !vanishes)
        buffer_add_char(out, '\n');
    renderer->line = out->n;
    renderer->line_has_tag = false;
}

static void add_literal(struct renderer *renderer, const char *text, size_t n)
{
    if (renderer->is_url) {
        template_escape_url_literal(renderer->out, text, n);
        return;
    }
    if (!n)
        renderer->line_has_tag = true;
    while (n) {
        const char *newline = memchr(text, '\n', n);
        size_t length = newline ? (size_t)(newline - text) : n;
        buffer_add(renderer->out, text, length);
        if (!newline)
            return;
        end_line(renderer);
        text += length + 1;
        n -= length + 1;
    }
}

static void add_value(struct renderer *renderer, const struct node *node)
{
    bool is_private = false;
    renderer->line_has_tag = true;
    renderer->asked++;
    buffer_clear(&renderer->value);
    if (!renderer->values->value(renderer->values->data, node->text, &renderer->value, &is_private))
        return;
    const char *value = buffer_text(&renderer->value);
    renderer->found += *value != '\0';
    bool hidden = is_private && renderer->options->hide_private;
    if (renderer->is_url)
        template_escape_url(renderer->out, value);
    else if (node->kind == NODE_RAW)
        buffer_add_text(renderer->out, value);
    else if (hidden)
        template_escape_masked(renderer->out, renderer->options->dialect, value);
    else
        template_escape(renderer->out, renderer->options->dialect, value);
}

static void render_range(struct renderer *renderer, size_t from, size_t to);

static void render_section(struct renderer *renderer, size_t at)
{
    const struct template_values *values = renderer->values;
    const struct node *section = &renderer->nodes->items[at];
    size_t n = values->section(values->data, section->text);
    renderer->line_has_tag = true;
    if (section->kind == NODE_INVERTED) {
        if (!n)
            render_range(renderer, at + 1, section->end);
        renderer->line_has_tag = true;
        return;
    }
    renderer->asked++;
    renderer->found += n > 0;
    for (size_t i = 0; i < n && renderer->out->n < RENDERED_BYTES_MAX; i++) {
        values->enter(values->data, section->text, i);
        render_range(renderer, at + 1, section->end);
        values->leave(values->data);
        renderer->line_has_tag = true;
    }
}

static void render_range(struct renderer *renderer, size_t from, size_t to)
{
    for (size_t i = from; i < to;) {
        const struct node *node = &renderer->nodes->items[i];
        if (node->kind == NODE_TEXT) {
            add_literal(renderer, node->text, node->n);
            i++;
        } else if (node->kind == NODE_VALUE || node->kind == NODE_RAW) {
            add_value(renderer, node);
            i++;
        } else {
            render_section(renderer, i);
            i = node->end;
        }
    }
}

static int render(struct renderer *renderer, const struct nodes *nodes, struct buffer *out)
{
    renderer->nodes = nodes;
    renderer->out = out;
    renderer->begun = renderer->line = out->n;
    renderer->line_has_tag = false;
    buffer_init(&renderer->value);
    render_range(renderer, 0, nodes->n);
    if (!renderer->is_url) {
        end_line(renderer);
        trim_end(out, renderer->begun);
    }
    bool good = buffer_ok(out) && buffer_ok(&renderer->value);
    buffer_finish(&renderer->value);
    return good ? 0 : -ENOMEM;
}

int template_render(const struct template *template, const struct template_values *values,
                    const struct template_options *options, struct buffer *title, struct buffer *body)
{
    struct renderer renderer = {.values = values, .options = options};
    int error = render(&renderer, &template->title, title);
    return error ? error : render(&renderer, &template->body, body);
}

/* -- one line -- */

static const char separator[] = " · ";

/* Up to the next separator outside of tags and sections. */
static size_t part_bytes(const char *text)
{
    int depth = 0;
    const char *at = text;
    while (*at) {
        if (depth <= 0 && strncmp(at, separator, sizeof separator - 1) == 0)
            break;
        if (strncmp(at, "{{", 2) != 0) {
            at++;
            continue;
        }
        const char *close = strstr(at, "}}");
        char kind = at[2 + strspn(at + 2, " ")];
        depth += kind == '#' || kind == '^' ? 1 : kind == '/' ? -1 : 0;
        at = close ? close + 2 : at + strlen(at);
    }
    return (size_t)(at - text);
}

static int render_text(struct renderer *renderer, const char *text, size_t n, struct buffer *out)
{
    struct nodes nodes;
    const char *why;
    int line;
    int error = nodes_parse(&nodes, text, n, 1, &why, &line);
    /* The rule was checked when it was loaded; what can still not be read says nothing rather than something
     * wrong. */
    if (error)
        return error == -EINVAL ? 0 : error;
    renderer->asked = renderer->found = 0;
    error = render(renderer, &nodes, out);
    nodes_finish(&nodes);
    return error;
}

/* Parts of which no value is known are left out with their separator: a case without a position has no gap.
 */
static int render_parts(struct renderer *renderer, const char *text, struct buffer *out)
{
    size_t begun = out->n;
    while (*text) {
        size_t n = part_bytes(text), before = out->n;
        if (before > begun)
            buffer_add_text(out, separator);
        size_t part = out->n;
        int error = render_text(renderer, text, n, out);
        if (error)
            return error;
        if (out->n == part || (renderer->asked && !renderer->found))
            buffer_truncate(out, before);
        text += n;
        if (*text)
            text += sizeof separator - 1;
    }
    return buffer_ok(out) ? 0 : -ENOMEM;
}

/* A link with a hole in its path leads nowhere, or elsewhere: then there is none. A hole in the query does no
 * harm. */
static int render_url(struct renderer *renderer, const char *text, struct buffer *out)
{
    size_t begun = out->n, path = strcspn(text, "?#");
    /* The '#' of a section is no fragment. */
    while (text[path] == '#' && path >= 2 && strncmp(text + path - 2, "{{", 2) == 0)
        path += 1 + strcspn(text + path + 1, "?#");
    int error = render_text(renderer, text, path, out);
    bool whole = renderer->asked == renderer->found;
    if (!error && whole && text[path])
        error = render_text(renderer, text + path, strlen(text + path), out);
    if (!whole)
        buffer_truncate(out, begun);
    return error;
}

int template_render_line(const char *text, const struct template_values *values,
                         const struct template_options *options, bool is_url, struct buffer *out)
{
    struct renderer renderer = {.values = values, .options = options, .is_url = is_url};
    return is_url ? render_url(&renderer, text, out) : render_parts(&renderer, text, out);
}

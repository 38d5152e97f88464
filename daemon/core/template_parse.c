#include "template_node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = 2000 };

struct parser {
    struct nodes *nodes;
    const char *at;
    const char *end;
    char *names_at;
    int line;
    size_t open[TEMPLATE_DEPTH_MAX]; /* indexes of the sections around */
    size_t depth;
    const char *why;
};

static int wrong(struct parser *parser, const char *why)
{
    parser->why = why;
    return -EINVAL;
}

static int add_node(struct parser *parser, struct node node)
{
    struct nodes *nodes = parser->nodes;
    if (nodes->n == nodes->room) {
        size_t room = nodes->room ? nodes->room * 2 : 32;
        if (nodes->room >= NODES_MAX)
            return wrong(parser, "too many tags in one template");
        struct node *items = realloc(nodes->items, room * sizeof *items);
        if (!items)
            return -ENOMEM;
        nodes->items = items;
        nodes->room = room;
    }
    node.line = parser->line;
    nodes->items[nodes->n++] = node;
    return 0;
}

static int add_text(struct parser *parser, const char *from, const char *to)
{
    if (from == to)
        return 0;
    int error = add_node(parser, (struct node){.kind = NODE_TEXT, .text = from, .n = (size_t)(to - from)});
    for (; from < to; from++)
        parser->line += *from == '\n';
    return error;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* The name between `from` and `to`, without the spaces around it; NULL if it is none. */
static const char *take_name(struct parser *parser, const char *from, const char *to)
{
    while (from < to && is_space(*from))
        from++;
    while (from < to && is_space(to[-1]))
        to--;
    if (from == to)
        return NULL;
    for (const char *at = from; at < to; at++)
        if ((unsigned char)*at <= ' ' || strchr("{}#^/&<>=!|\"'", *at))
            return NULL;
    char *name = parser->names_at;
    memcpy(name, from, (size_t)(to - from));
    name[to - from] = '\0';
    parser->names_at = name + (to - from) + 1;
    return name;
}

static int open_section(struct parser *parser, enum node_kind kind, const char *name)
{
    if (parser->depth == TEMPLATE_DEPTH_MAX)
        return wrong(parser, "sections are nested too deeply");
    parser->open[parser->depth++] = parser->nodes->n;
    return add_node(parser, (struct node){.kind = kind, .text = name});
}

static int close_section(struct parser *parser, const char *name)
{
    if (!parser->depth)
        return wrong(parser, "{{/...}} closes a section that was never opened");
    struct node *section = &parser->nodes->items[parser->open[--parser->depth]];
    if (strcmp(section->text, name) != 0)
        return wrong(parser, "{{/...}} does not match the section that is open");
    section->end = parser->nodes->n;
    return 0;
}

/* What cuiban builds itself, and what may therefore stand unescaped. Everything else could carry an event's
 * text. */
static bool is_own(const char *name)
{
    return strcmp(name, "link") == 0 || strcmp(name, "answer") == 0;
}

static int parse_raw(struct parser *parser)
{
    const char *from = parser->at + 3;
    const char *close = memmem(from, (size_t)(parser->end - from), "}}}", 3);
    if (!close)
        return wrong(parser, "{{{ is not closed by }}}");
    const char *name = take_name(parser, from, close);
    if (!name)
        return wrong(parser, "a name between {{{ and }}} cannot be read");
    if (!is_own(name))
        return wrong(
            parser, "{{{ }}} is for link alone: write {{ }}, so that no event can put markup into a message");
    parser->at = close + 3;
    return add_node(parser, (struct node){.kind = NODE_RAW, .text = name});
}

static int parse_comment(struct parser *parser, const char *close)
{
    for (const char *at = parser->at; at < close; at++)
        parser->line += *at == '\n';
    parser->at = close + 2;
    /* An empty text, so that its line counts as one with a tag in it. */
    return add_node(parser, (struct node){.kind = NODE_TEXT, .text = ""});
}

/* At "{{". */
static int parse_tag(struct parser *parser)
{
    if (parser->end - parser->at > 2 && parser->at[2] == '{')
        return parse_raw(parser);
    const char *from = parser->at + 2;
    const char *close = memmem(from, (size_t)(parser->end - from), "}}", 2);
    if (!close)
        return wrong(parser, "{{ is not closed by }}");
    while (is_space(*from))
        from++;
    if (*from == '!')
        return parse_comment(parser, close);
    char kind = *from;
    if (kind == '>' || kind == '&' || kind == '=')
        return wrong(parser,
                     "{{> }}, {{& }} and {{= }} are not known here: only names, sections and comments");
    bool marked = kind == '#' || kind == '^' || kind == '/';
    const char *name = take_name(parser, from + marked, close);
    if (!name)
        return wrong(parser, "a name between {{ and }} cannot be read");
    parser->at = close + 2;
    if (kind == '/')
        return close_section(parser, name);
    if (marked)
        return open_section(parser, kind == '#' ? NODE_SECTION : NODE_INVERTED, name);
    /* An address must arrive as it is; escaping could only break it. */
    return add_node(parser, (struct node){.kind = is_own(name) ? NODE_RAW : NODE_VALUE, .text = name});
}

static int parse_all(struct parser *parser)
{
    while (parser->at < parser->end) {
        const char *tag = memmem(parser->at, (size_t)(parser->end - parser->at), "{{", 2);
        const char *from = parser->at;
        parser->at = tag ? tag : parser->end;
        int error = add_text(parser, from, parser->at);
        if (!error && tag)
            error = parse_tag(parser);
        if (error)
            return error;
    }
    if (!parser->depth)
        return 0;
    parser->line = parser->nodes->items[parser->open[parser->depth - 1]].line;
    return wrong(parser, "a section is never closed");
}

int nodes_parse(struct nodes *nodes, const char *text, size_t n, int first_line, const char **why, int *line)
{
    *nodes = (struct nodes){0};
    /* A name is shorter than its tag by at least three bytes, which leaves room for every NUL. */
    nodes->names = malloc(n + 1);
    if (!nodes->names)
        return -ENOMEM;
    struct parser parser = {nodes, text, text + n, nodes->names, first_line};
    int error = parse_all(&parser);
    if (error == -EINVAL) {
        *why = parser.why;
        *line = parser.line;
    }
    if (error)
        nodes_finish(nodes);
    return error;
}

void nodes_finish(struct nodes *nodes)
{
    free(nodes->items);
    free(nodes->names);
    *nodes = (struct nodes){0};
}

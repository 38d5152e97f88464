/* template_node.h: a parsed template as template_parse.c makes it and template.c renders it. */
#ifndef CUIBAN_CORE_TEMPLATE_NODE_H
#define CUIBAN_CORE_TEMPLATE_NODE_H

#include "template.h"

enum node_kind { NODE_TEXT, NODE_VALUE, NODE_RAW, NODE_SECTION, NODE_INVERTED };

struct node {
    enum node_kind kind;
    int line;
    const char *text; /* literal text, or the NUL-terminated name of a tag */
    size_t n;
    size_t end; /* of a section: the index of the node behind its last */
};

struct nodes {
    struct node *items;
    size_t n;
    size_t room;
    char *names; /* all names, each NUL-terminated */
};

/* Parses text that outlives the nodes. 0, -EINVAL (*why static, *line counted from `first_line`) or -ENOMEM.
 */
int nodes_parse(struct nodes *nodes, const char *text, size_t n, int first_line, const char **why, int *line);
void nodes_finish(struct nodes *nodes);

#endif

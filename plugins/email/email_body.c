#include "email_body.h"

#include <cmark.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BODY_BYTES_MAX = 48 * 1024 };

static const char cut_chinese[] = "\n\n……（内容过长，已截断，全文见链接）";
static const char cut_english[] = "\n\n... (too long, cut; see the link for the whole)";

static bool is_chinese(const struct cuiban_message *message)
{
    return message->language && strncmp(message->language, "zh", 2) == 0;
}

static bool is_web_link(const char *url)
{
    return strncasecmp(url, "https://", 8) == 0 || strncasecmp(url, "http://", 7) == 0;
}

static bool is_fine_target(const char *url)
{
    return url && (is_web_link(url) || strncasecmp(url, "mailto:", 7) == 0);
}

/* The children stay where the node was. */
static void unwrap(cmark_node *node)
{
    cmark_node *child;
    while ((child = cmark_node_first_child(node)))
        cmark_node_insert_before(node, child);
    cmark_node_unlink(node);
    cmark_node_free(node);
}

/* Pictures and links that lead elsewhere than to the web become the words in them. */
static void unwrap_untrusted(cmark_node *document)
{
    cmark_iter *iter = cmark_iter_new(document);
    cmark_event_type event;
    while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
        cmark_node *node = cmark_iter_get_node(iter);
        cmark_node_type type = cmark_node_get_type(node);
        bool is_link = type == CMARK_NODE_LINK && is_fine_target(cmark_node_get_url(node));
        if (event == CMARK_EVENT_EXIT && (type == CMARK_NODE_IMAGE || (type == CMARK_NODE_LINK && !is_link)))
            unwrap(node);
    }
    cmark_iter_free(iter);
}

/* NULL: memory is out. */
static cmark_node *parse(const struct cuiban_message *message)
{
    struct text body = {0};
    size_t n = message->body ? strnlen(message->body, BODY_BYTES_MAX + 1) : 0;
    bool cut = n > BODY_BYTES_MAX;
    text_add_clean_n(&body, message->body, cut ? text_cut(message->body, n, BODY_BYTES_MAX) : n, TEXT_LINES);
    if (cut)
        text_add(&body, is_chinese(message) ? cut_chinese : cut_english);
    cmark_node *document = body.failed ? NULL
                                       : cmark_parse_document(text_get(&body), body.n,
                                                              CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8);
    text_finish(&body);
    if (document)
        unwrap_untrusted(document);
    return document;
}

static size_t quote_depth(cmark_node *node)
{
    enum { DEPTH_SHOWN_MAX = 4 };
    size_t depth = 0;
    for (; node && depth < DEPTH_SHOWN_MAX; node = cmark_node_parent(node))
        depth += cmark_node_get_type(node) == CMARK_NODE_BLOCK_QUOTE;
    return depth;
}

static void begin_line(struct text *out, cmark_node *node)
{
    for (size_t depth = quote_depth(node); depth > 0; depth--)
        text_add(out, "> ");
}

static void new_line(struct text *out, cmark_node *node)
{
    text_add(out, "\n");
    begin_line(out, node);
}

static void begin_block(struct text *out, cmark_node *node)
{
    cmark_node *item = cmark_node_parent(node);
    bool in_item = item && cmark_node_get_type(item) == CMARK_NODE_ITEM;
    bool first_in_item = in_item && !cmark_node_previous(node);
    if (first_in_item) {
        bool first_item = !cmark_node_previous(item);
        if (out->n > 0)
            text_add(out, first_item ? "\n\n" : "\n");
        begin_line(out, node);
        text_add(out, "- ");
        return;
    }
    if (out->n > 0)
        text_add(out, "\n\n");
    begin_line(out, node);
}

static void end_link(struct text *out, cmark_node *node)
{
    const char *url = cmark_node_get_url(node);
    cmark_node *child = cmark_node_first_child(node);
    const char *words =
        child && cmark_node_get_type(child) == CMARK_NODE_TEXT ? cmark_node_get_literal(child) : NULL;
    if (!words || strcmp(words, url) != 0)
        text_add_format(out, " (%s)", url);
}

static void add_plain_node(struct text *out, cmark_node *node, bool enter)
{
    const char *literal = cmark_node_get_literal(node);
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_PARAGRAPH:
    case CMARK_NODE_HEADING:
        if (enter)
            begin_block(out, node);
        break;
    case CMARK_NODE_CODE_BLOCK:
        begin_block(out, node);
        text_add(out, literal ? literal : "");
        break;
    case CMARK_NODE_THEMATIC_BREAK:
        begin_block(out, node);
        text_add(out, "----");
        break;
    case CMARK_NODE_TEXT:
    case CMARK_NODE_CODE:
        text_add(out, literal ? literal : "");
        break;
    case CMARK_NODE_SOFTBREAK:
    case CMARK_NODE_LINEBREAK:
        new_line(out, node);
        break;
    case CMARK_NODE_LINK:
        if (!enter)
            end_link(out, node);
        break;
    default:
        break;
    }
}

static void add_plain(struct text *out, cmark_node *document)
{
    cmark_iter *iter = cmark_iter_new(document);
    cmark_event_type event;
    while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE)
        add_plain_node(out, cmark_iter_get_node(iter), event == CMARK_EVENT_ENTER);
    cmark_iter_free(iter);
}

static bool shows_link_itself(const struct cuiban_message *message)
{
    return message->link && is_web_link(message->link) && !text_contains(message->body, message->link);
}

void email_body_plain(const struct cuiban_message *message, struct text *out)
{
    struct text title = {0};
    text_add_clean(&title, message->title_plain, TEXT_ONE_LINE);
    text_add(out, text_get(&title));
    cmark_node *document = parse(message);
    out->failed |= title.failed || !document;
    text_finish(&title);
    if (!document)
        return;
    add_plain(out, document);
    cmark_node_free(document);
    if (shows_link_itself(message)) {
        text_add(out, is_chinese(message) ? "\n\n去处理：" : "\n\nOpen: ");
        text_add_clean(out, message->link, TEXT_ONE_LINE);
    }
    if (!text_is_blank(message->id) && !text_contains(message->body, message->id)) {
        text_add(out, is_chinese(message) ? "\n\n编号 " : "\n\nNo. ");
        text_add_clean(out, message->id, TEXT_ONE_LINE);
    }
    text_add(out, "\n");
}

static void add_escaped(struct text *out, const char *words)
{
    struct text clean = {0};
    text_add_clean(&clean, words, TEXT_ONE_LINE);
    for (const char *p = text_get(&clean); *p; p++) {
        switch (*p) {
        case '<':
            text_add(out, "&lt;");
            break;
        case '>':
            text_add(out, "&gt;");
            break;
        case '&':
            text_add(out, "&amp;");
            break;
        case '"':
            text_add(out, "&quot;");
            break;
        default:
            text_add_n(out, p, 1);
        }
    }
    out->failed |= clean.failed;
    text_finish(&clean);
}

static bool is_language(const char *tag)
{
    size_t n = tag ? strlen(tag) : 0;
    return n >= 2 && n <= 35 &&
           strspn(tag, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static void add_foot(const struct cuiban_message *message, struct text *out)
{
    if (shows_link_itself(message)) {
        text_add(out, "<p><a href=\"");
        add_escaped(out, message->link);
        text_add_format(out, "\">%s</a></p>\n", is_chinese(message) ? "去处理" : "Open");
    }
    if (!text_is_blank(message->id) && !text_contains(message->body, message->id)) {
        text_add_format(out, "<p style=\"color:#888\">%s ", is_chinese(message) ? "编号" : "No.");
        add_escaped(out, message->id);
        text_add(out, "</p>\n");
    }
}

void email_body_html(const struct cuiban_message *message, struct text *out)
{
    cmark_node *document = parse(message);
    char *html = document ? cmark_render_html(document, CMARK_OPT_HARDBREAKS) : NULL;
    if (document)
        cmark_node_free(document);
    text_add_format(out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head><meta charset=\"utf-8\"><title>",
                    is_language(message->language) ? message->language : "zh-CN");
    add_escaped(out, message->title_plain);
    text_add(out, "</title></head>\n<body style=\"font-family:sans-serif;line-height:1.6\">\n");
    if (!text_is_blank(message->title_plain)) {
        text_add(out, "<p><strong>");
        add_escaped(out, message->title_plain);
        text_add(out, "</strong></p>\n");
    }
    text_add(out, html ? html : "");
    add_foot(message, out);
    text_add(out, "</body>\n</html>\n");
    out->failed |= !html;
    free(html);
}

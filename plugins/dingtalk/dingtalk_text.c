#include "dingtalk_text.h"

#include <string.h>

#include "../kit/markup.h"

enum { ADDRESS_BYTES_MAX = 64, MOBILE_DIGITS = 11, NUMBER_DIGITS_MAX = 20 };

static bool is_mobile(const char *address, size_t n)
{
    if (address[0] == '+')
        return n > 1 && n <= NUMBER_DIGITS_MAX && strspn(address + 1, "0123456789-") == n - 1;
    return n == MOBILE_DIGITS && strspn(address, "0123456789") == n;
}

enum dingtalk_address dingtalk_address_kind(const char *address)
{
    size_t n = address ? strlen(address) : 0;
    if (n == 0 || n > ADDRESS_BYTES_MAX)
        return DINGTALK_NOBODY;
    if (is_mobile(address, n))
        return DINGTALK_MOBILE;
    bool is_userid =
        strcmp(address, "all") != 0 &&
        strspn(address, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.$") == n;
    return is_userid ? DINGTALK_USERID : DINGTALK_NOBODY;
}

static bool is_item(const char *line)
{
    size_t digits = strspn(line, "0123456789");
    return strncmp(line, "- ", 2) == 0 || strncmp(line, "* ", 2) == 0 ||
           (digits > 0 && digits <= 3 && strncmp(line + digits, ". ", 2) == 0);
}

static const char *line_break(const char *line, const char *next)
{
    if (is_item(line) && is_item(next))
        return "\n";
    /* Two spaces keep a quotation in one block. */
    return line[0] == '>' && next[0] == '>' ? "  \n" : "\n\n";
}

void dingtalk_add_paragraphs(struct text *out, const char *body)
{
    struct text lines = {0};
    markup_add_body(&lines, body);
    const char *p = text_get(&lines);
    while (*p) {
        size_t n = strcspn(p, "\n");
        const char *next = p + n + strspn(p + n, "\n");
        text_add_n(out, p, n);
        if (*next)
            text_add(out, next - (p + n) > 1 ? "\n\n" : line_break(p, next));
        p = next;
    }
    out->failed |= lines.failed;
    text_finish(&lines);
}

size_t dingtalk_mentioned(const struct cuiban_message *message)
{
    size_t n = 0, bytes = 0;
    while (n < message->n_recipients && n < PAGE_MENTIONED_MAX) {
        const char *address = message->recipients[n].address;
        bytes += dingtalk_address_kind(address) == DINGTALK_NOBODY ? 0 : strlen(address) + 2;
        if (bytes > PAGE_MENTIONS_BYTES_MAX)
            break;
        n++;
    }
    return n;
}

/* "@138" within "@13800000000" calls nobody, so what follows must end the number. */
static bool has_mention(const char *body, const char *address)
{
    size_t n = strlen(address);
    for (const char *p = body ? strchr(body, '@') : NULL; p; p = strchr(p + 1, '@')) {
        if (strncmp(p + 1, address, n) == 0 &&
            !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.$", p[1 + n]))
            return true;
        if (strncmp(p + 1, address, n) == 0 && p[1 + n] == '\0')
            return true;
    }
    return false;
}

/* A body that names somebody in place needs no second mention, as long as none of it is cut off. */
static void add_mentions(struct text *line, const struct cuiban_message *message, size_t n_mentioned,
                         const char *body)
{
    for (size_t i = 0; i < n_mentioned; i++) {
        const struct cuiban_recipient *recipient = &message->recipients[i];
        bool reachable = dingtalk_address_kind(recipient->address) != DINGTALK_NOBODY;
        if (reachable ? has_mention(body, recipient->address) : text_is_blank(recipient->name))
            continue;
        if (line->n >= PAGE_MENTIONS_BYTES_MAX) {
            page_add_others(line, page_words_for(message->language), n_mentioned - i);
            return;
        }
        text_add(line, line->n > 0 ? " @" : "@");
        if (reachable)
            text_add(line, recipient->address);
        else
            markup_add_word(line, recipient->name);
    }
    if (n_mentioned < message->n_recipients)
        page_add_others(line, page_words_for(message->language), message->n_recipients - n_mentioned);
}

static void compose_page(const struct cuiban_message *message, size_t n_mentioned, bool body_is_whole,
                         size_t max, struct text *out)
{
    const struct page_words *words = page_words_for(message->language);
    struct page page = {.separator = "\n\n",
                        .link_is_in_body = text_contains(message->body, message->link),
                        .number_is_in_body = text_contains(message->body, message->id)};
    struct text title = {0};
    page_add_title(&title, message);
    if (title.n > 0)
        text_add_format(&page.title, "%s%s", title.bytes[0] == '#' ? "" : "#### ", text_get(&title));
    page.title.failed |= title.failed;
    text_finish(&title);
    dingtalk_add_paragraphs(&page.body, message->body);
    add_mentions(&page.mentions, message, n_mentioned, body_is_whole ? text_get(&page.body) : NULL);
    if (markup_is_link(message->link))
        text_add_format(&page.link, "[%s](%s)", words->open_link, message->link);
    if (!text_is_blank(message->id)) {
        text_add_format(&page.number, "%s ", words->number);
        markup_add_word(&page.number, message->id);
    }
    page_join(&page, words, max, out);
    page_finish(&page);
}

void dingtalk_compose(const struct cuiban_message *message, size_t n_mentioned, size_t max, struct text *out)
{
    size_t body_bytes = message->body ? strnlen(message->body, max + 1) : 0;
    compose_page(message, n_mentioned, body_bytes <= max / 2, max, out);
}

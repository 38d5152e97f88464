#include "page.h"

#include <string.h>

#include "markup.h"

const struct page_words *page_words_for(const char *language)
{
    static const struct page_words chinese = {
        "去处理", "编号", "……（内容过长，已截断，全文见链接）", {" 等", "人"}};
    static const struct page_words english = {
        "Open", "No.", "... (too long, cut; see the link for the whole)", {" and ", " others"}};
    return language && strncmp(language, "zh", 2) == 0 ? &chinese : &english;
}

void page_finish(struct page *page)
{
    text_finish(&page->title);
    text_finish(&page->mentions);
    text_finish(&page->body);
    text_finish(&page->link);
    text_finish(&page->number);
}

void page_add_others(struct text *line, const struct page_words *words, size_t count)
{
    text_add_format(line, "%s%zu%s", words->others[0], count, words->others[1]);
}

void page_add_title(struct text *out, const struct cuiban_message *message)
{
    struct text lines = {0}, one = {0};
    markup_add_body(&lines, text_is_blank(message->title) ? message->title_plain : message->title);
    text_add_clean(&one, text_get(&lines), TEXT_ONE_LINE);
    text_add_n(out, text_get(&one), markup_cut(text_get(&one), one.n, PAGE_TITLE_BYTES_MAX));
    out->failed |= lines.failed || one.failed;
    text_finish(&lines);
    text_finish(&one);
}

static void add_part(struct text *out, const struct text *part, const char *separator)
{
    if (part->n > 0 && out->n > 0)
        text_add(out, separator);
    text_add_n(out, text_get(part), part->n);
    out->failed |= part->failed;
}

/* Bold that was cut off is closed again, so that it does not spill over what follows. */
static bool bold_is_open(const char *bytes, size_t n)
{
    const char *line = bytes;
    for (const char *p = bytes; p < bytes + n; p++)
        line = *p == '\n' ? p + 1 : line;
    size_t marks = 0;
    for (const char *p = line; p + 1 < bytes + n; p++) {
        if (p[0] == '*' && p[1] == '*') {
            marks++;
            p++;
        }
    }
    return marks % 2 == 1;
}

static void join_cut(const struct page *page, const struct page_words *words, size_t max, struct text *out)
{
    add_part(out, &page->title, page->separator);
    add_part(out, &page->link, page->separator);
    add_part(out, &page->number, page->separator);
    add_part(out, &page->mentions, page->separator);
    size_t taken = out->n + strlen(page->separator) + strlen(words->cut) + strlen("**");
    if (taken < max) {
        const char *body = text_get(&page->body);
        size_t n = markup_cut(body, page->body.n, max - taken);
        while (n > 0 && (body[n - 1] == '\n' || body[n - 1] == ' '))
            n--;
        if (out->n > 0 && n > 0)
            text_add(out, page->separator);
        text_add_n(out, body, n);
        if (bold_is_open(body, n))
            text_add(out, "**");
        text_add(out, words->cut);
    }
    if (out->n > max) {
        out->n = markup_cut(text_get(out), out->n, max);
        out->bytes[out->n] = '\0';
    }
    out->failed |= page->body.failed;
}

void page_join(const struct page *page, const struct page_words *words, size_t max, struct text *out)
{
    add_part(out, &page->title, page->separator);
    add_part(out, &page->mentions, page->separator);
    add_part(out, &page->body, page->separator);
    if (!page->link_is_in_body)
        add_part(out, &page->link, page->separator);
    if (!page->number_is_in_body)
        add_part(out, &page->number, page->separator);
    if (out->n <= max || out->failed)
        return;
    out->n = 0;
    join_cut(page, words, max, out);
}

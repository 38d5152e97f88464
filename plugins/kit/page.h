/* page.h: how a robot's message is put together within a number of bytes: the link first when it is too long.
 *
 * Whole: title, mentions, body, link, number. Cut: title, link, number, mentions, as much of the body as
 * there is room for, and a word that it was cut. Link and number are left out where the body shows them
 * already. */
#ifndef CUIBAN_PLUGINS_KIT_PAGE_H
#define CUIBAN_PLUGINS_KIT_PAGE_H

#include "text.h"

enum { PAGE_TITLE_BYTES_MAX = 256, PAGE_MENTIONS_BYTES_MAX = 800, PAGE_MENTIONED_MAX = 50 };

/* What the plugins themselves say to people. */
struct page_words {
    const char *open_link; /* 去处理 */
    const char *number;    /* 编号 */
    const char *cut;       /* （内容过长，已截断，全文见链接） */
    const char *others[2]; /* " 等", "人": around a number */
};
const struct page_words *page_words_for(const char *language); /* Chinese for "zh...", else English */

struct page {
    struct text title, mentions, body, link, number; /* each "" where there is nothing */
    const char *separator;                           /* between parts: "\n" or "\n\n" */
    bool link_is_in_body, number_is_in_body;
};
void page_finish(struct page *page);
void page_add_others(struct text *line, const struct page_words *words, size_t count); /* " 等3人" */
/* Cleans the title into `out`, at most PAGE_TITLE_BYTES_MAX. */
void page_add_title(struct text *out, const struct cuiban_message *message);
/* At most `max` bytes. */
void page_join(const struct page *page, const struct page_words *words, size_t max, struct text *out);

#endif

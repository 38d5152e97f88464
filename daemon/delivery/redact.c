#include "redact.h"

#include <stdbool.h>
#include <string.h>

#include "core/utf8.h"

static const char replacement[] = "(url)";

/* Bytes of the URL that begins at `text`, 0 if none does: a scheme, "://", and everything up to a blank or a
 * quote. */
static size_t url_length(const char *text, size_t n)
{
    size_t i = 0;

    while (i < n && ((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z')))
        i++;
    if (i == 0 || n - i < 3 || memcmp(text + i, "://", 3) != 0)
        return 0;
    while (i < n && (unsigned char)text[i] > ' ' && strchr("\"'<>", text[i]) == NULL)
        i++;
    return i;
}

static size_t character_length(const char *text, size_t n)
{
    for (size_t length = 1; length <= 4 && length <= n; length++)
        if (utf8_is_valid(text, length))
            return length;
    return 0;
}

static bool put(char *into, size_t room, size_t *used, const char *bytes, size_t n)
{
    if (room - *used <= n)
        return false;
    memcpy(into + *used, bytes, n);
    *used += n;
    return true;
}

const char *redact_text(char *into, size_t room, const char *text, size_t n)
{
    size_t used = 0, at = 0;
    bool in_word = false, fits = true;

    n = strnlen(text, n);
    while (fits && at < n) {
        size_t url = in_word ? 0 : url_length(text + at, n - at);
        size_t length = character_length(text + at, n - at);

        in_word = (text[at] >= 'a' && text[at] <= 'z') || (text[at] >= 'A' && text[at] <= 'Z');
        if (url > 0)
            fits = put(into, room, &used, replacement, sizeof(replacement) - 1);
        else if (length == 0)
            fits = put(into, room, &used, "?", 1);
        else if ((unsigned char)text[at] < ' ' || text[at] == 0x7f)
            fits = put(into, room, &used, " ", 1);
        else
            fits = put(into, room, &used, text + at, length);
        at += url > 0 ? url : length > 0 ? length : 1;
    }
    into[used] = '\0';
    return into;
}

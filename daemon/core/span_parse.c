/* The text of spans, and of the event fields that they name. */
#include "span.h"

#include "civil.h"
#include "span_term.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DAY_MINUTES = 24 * 60, DIGITS_MAX = 9, CLOCK_TEXT_MAX = 32 };

struct unit_word {
    const char *word;
    enum span_unit unit;
    int64_t scale; /* of one in `count` */
};

/* Of two words with the same scale and unit the one to write comes first. */
static const struct unit_word unit_words[] = {
    {"h", SPAN_ELAPSED, HOUR_MS},  {"m", SPAN_ELAPSED, MINUTE_MS},  {"s", SPAN_ELAPSED, SECOND_MS},
    {"wh", SPAN_WORKING, HOUR_MS}, {"wm", SPAN_WORKING, MINUTE_MS}, {"d", SPAN_DAYS, 1},
    {"wd", SPAN_WORKING_DAYS, 1},  {"mo", SPAN_MONTHS, 1},          {"y", SPAN_YEARS, 1},
};

static const struct unit_word number_words[] = {
    {"day:", SPAN_DAY_NUMBER, 1},
    {"wday:", SPAN_WORKING_DAY_NUMBER, 1},
    {"wdom:", SPAN_MONTH_WORKING_DAY, 1},
    {"wdoq:", SPAN_QUARTER_WORKING_DAY, 1},
};

enum {
    N_UNIT_WORDS = sizeof unit_words / sizeof *unit_words,
    N_NUMBER_WORDS = sizeof number_words / sizeof *number_words
};

struct reader {
    const char *at;
    const char *why;
};

static bool fail(struct reader *reader, const char *why)
{
    if (reader->why == NULL)
        reader->why = why;
    return false;
}

static void skip_blanks(struct reader *reader)
{
    reader->at += strspn(reader->at, " \t");
}

static bool take(struct reader *reader, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(reader->at, word, n) != 0)
        return false;
    reader->at += n;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool read_number(struct reader *reader, int64_t *out)
{
    size_t n = strspn(reader->at, "0123456789");
    if (n == 0)
        return fail(reader,
                    "a number is missing; a span is written like 24h, 8wh, 5wd, 2d, 1mo, wdom:5@18:00");
    if (n > DIGITS_MAX)
        return fail(reader, "the number is too large");
    int64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + (reader->at[i] - '0');
    reader->at += n;
    if (*reader->at == '.' || *reader->at == ',')
        return fail(reader, "only whole numbers: write 90m for 1.5h, 90wm for 1.5wh");
    *out = value;
    return true;
}

static bool read_clock(struct reader *reader, struct span_term *term)
{
    if (!take(reader, "@"))
        return true;
    if (take(reader, "close")) {
        term->clock = SPAN_CLOCK_CLOSE;
        return true;
    }
    if (take(reader, "same")) {
        term->clock = SPAN_CLOCK_SAME;
        return true;
    }
    const char *at = reader->at;
    if (!is_digit(at[0]) || !is_digit(at[1]) || at[2] != ':' || !is_digit(at[3]) || !is_digit(at[4]))
        return fail(reader, strncmp(at, "open", strlen("open")) == 0
                                ? "only h, m and s take @open"
                                : "after @ comes a time as HH:MM, or close, or same");
    int32_t hour = (at[0] - '0') * 10 + (at[1] - '0');
    int32_t minute = (at[3] - '0') * 10 + (at[4] - '0');
    if (minute > 59 || hour * 60 + minute > DAY_MINUTES)
        return fail(reader, "no such time of day: it goes from @00:00 to @24:00");
    term->clock = SPAN_CLOCK_TIME;
    term->minute = hour * 60 + minute;
    reader->at += strlen("HH:MM");
    return true;
}

/* The unit's word must stand alone: "5weeks" is not 5w with something behind it. */
static bool read_unit(struct reader *reader, struct span_term *term)
{
    size_t n = 0;
    while (is_letter(reader->at[n]))
        n++;
    for (size_t i = 0; i < N_UNIT_WORDS; i++) {
        if (strlen(unit_words[i].word) != n || strncmp(reader->at, unit_words[i].word, n) != 0)
            continue;
        term->unit = unit_words[i].unit;
        term->count *= unit_words[i].scale;
        reader->at += n;
        return true;
    }
    if (n == 0)
        return fail(reader, "the unit is missing, directly behind the number: s m h d mo y wm wh wd");
    return fail(reader,
                "no such unit; there are s m h (elapsed), d mo y (calendar), wm wh wd (working time)");
}

/* `@open`, and working time behind it: `24h@open+2wh`. */
static bool read_opening(struct reader *reader, bool backward, struct span_term *term)
{
    struct span_term more = {0};

    if (backward)
        return fail(reader, "@open leads on to an opening and cannot be subtracted");
    term->clock = SPAN_CLOCK_OPEN;
    if (!take(reader, "+"))
        return true;
    if (!read_number(reader, &more.count) || !read_unit(reader, &more))
        return false;
    if (more.unit != SPAN_WORKING)
        return fail(reader, "behind @open comes working time, in wh or wm");
    if (more.count < 1 || more.count > span_count_max(SPAN_WORKING))
        return fail(reader, "the working time behind @open is none, or longer than 20 years");
    term->more_ms = more.count;
    return true;
}

static bool read_measure(struct reader *reader, bool backward, struct span_term *term)
{
    if (!read_number(reader, &term->count) || !read_unit(reader, term))
        return false;
    if (term->count > span_count_max(term->unit))
        return fail(reader, "longer than 20 years");
    if (term->unit == SPAN_ELAPSED && take(reader, "@open"))
        return read_opening(reader, backward, term);
    if (*reader->at == '@' && term->unit == SPAN_ELAPSED)
        return fail(reader, "s m h end when they are used up and take no @time but @open; d mo y wd do");
    if (*reader->at == '@' && term->unit == SPAN_WORKING)
        return fail(reader, "wm wh end when they are used up and take no @time; d mo y wd do");
    return read_clock(reader, term);
}

static bool read_numbered(struct reader *reader, struct span_term *term, const struct unit_word *word)
{
    bool of_period = word->unit == SPAN_MONTH_WORKING_DAY || word->unit == SPAN_QUARTER_WORKING_DAY;
    bool from_end = take(reader, "-");
    if (from_end && !of_period)
        return fail(reader, "day: and wday: count from 1 upwards");
    if (!from_end && of_period)
        take(reader, "+");
    if (!read_number(reader, &term->count))
        return false;
    term->unit = word->unit;
    if (term->count < 1)
        return fail(reader, "days are counted from 1, or from -1 for the last one");
    if (term->count > span_count_max(word->unit))
        return fail(reader, "no period has so many working days");
    term->count *= from_end ? -1 : 1;
    return read_clock(reader, term);
}

static bool read_term(struct reader *reader, bool backward, struct span_term *term)
{
    *term = (struct span_term){0};
    for (size_t i = 0; i < N_NUMBER_WORDS; i++) {
        if (!take(reader, number_words[i].word))
            continue;
        if (backward)
            return fail(reader,
                        "day: wday: wdom: wdoq: cannot be subtracted; wdom:-1 is the last working day");
        return read_numbered(reader, term, &number_words[i]);
    }
    if (!read_measure(reader, backward, term))
        return false;
    term->count *= backward ? -1 : 1;
    return true;
}

/* Letters, digits, '_', '.' and anything beyond ASCII; a '-' begins what is subtracted. */
static size_t field_chars(const char *text)
{
    size_t n = 0;
    while (is_letter(text[n]) || is_digit(text[n]) || text[n] == '_' || text[n] == '.' || (text[n] & 0x80))
        n++;
    return n;
}

static bool read_field(struct reader *reader, struct span *out)
{
    struct span_term base = {0}, then = {0};
    size_t n = field_chars(reader->at);
    if (n == 0)
        return fail(reader, "after at: comes the name of an event field");
    if (n >= SPAN_FIELD_MAX)
        return fail(reader, "the name of the event field is too long");
    memcpy(out->field, reader->at, n);
    reader->at += n;
    if (!read_clock(reader, &base))
        return false;
    if (base.clock == SPAN_CLOCK_SAME)
        return fail(reader, "at:FIELD takes @HH:MM or @close; without it the field's own time counts");
    skip_blanks(reader);
    if (*reader->at == '+' || *reader->at == '-') {
        bool backward = *reader->at++ == '-';
        skip_blanks(reader);
        if (!read_term(reader, backward, &then))
            return false;
    }
    out->unit = SPAN_AT_FIELD;
    out->clock = base.clock;
    out->minute = base.minute;
    out->then_unit = then.unit;
    out->then_clock = then.clock;
    out->then_count = then.count;
    out->then_minute = then.minute;
    out->then_more_ms = then.more_ms;
    return true;
}

static bool read_share(struct reader *reader, struct span *out)
{
    size_t n = strspn(reader->at, "0123456789");
    if (n == 0 || reader->at[n] != '%')
        return false;
    if (!read_number(reader, &out->count))
        return false;
    reader->at++;
    out->unit = SPAN_SHARE;
    return (out->count >= 1 && out->count <= span_count_max(SPAN_SHARE)) ||
           fail(reader, "a share goes from 1% to 100%");
}

static bool read_span(struct reader *reader, struct span *out)
{
    struct span_term term;
    skip_blanks(reader);
    if (take(reader, "at:"))
        return read_field(reader, out);
    if (read_share(reader, out) || reader->why != NULL)
        return reader->why == NULL;
    bool backward = *reader->at == '-';
    if (backward || *reader->at == '+')
        reader->at++;
    if (!read_term(reader, backward, &term))
        return false;
    out->unit = term.unit;
    out->clock = term.clock;
    out->count = term.count;
    out->minute = term.minute;
    out->more_ms = term.more_ms;
    return true;
}

int span_parse(const char *text, struct span *out, const char **why)
{
    struct reader reader = {text, NULL};
    struct span span = {0};
    if (read_span(&reader, &span)) {
        skip_blanks(&reader);
        if (*reader.at != '\0')
            fail(&reader, "something follows that is no part of a span");
    }
    if (reader.why != NULL) {
        *why = reader.why;
        return -EINVAL;
    }
    *out = span;
    return 0;
}

static void format_clock(const struct span_term *term, char *into, size_t n)
{
    bool hours = term->more_ms % HOUR_MS == 0;

    into[0] = '\0';
    if (term->clock == SPAN_CLOCK_OPEN && term->more_ms > 0)
        snprintf(into, n, "@open+%" PRId64 "%s", term->more_ms / (hours ? HOUR_MS : MINUTE_MS),
                 hours ? "wh" : "wm");
    else if (term->clock == SPAN_CLOCK_OPEN)
        snprintf(into, n, "@open");
    else if (term->clock == SPAN_CLOCK_CLOSE)
        snprintf(into, n, "@close");
    else if (term->clock == SPAN_CLOCK_SAME)
        snprintf(into, n, "@same");
    else if (term->clock == SPAN_CLOCK_TIME)
        snprintf(into, n, "@%02d:%02d", (int)(term->minute / 60), (int)(term->minute % 60));
}

/* Without its sign: the caller writes that. */
static void format_term(const struct span_term *term, char *into, size_t n)
{
    char clock[CLOCK_TEXT_MAX];
    int64_t count = term->count < 0 ? -term->count : term->count;
    format_clock(term, clock, sizeof clock);
    for (size_t i = 0; i < N_NUMBER_WORDS; i++) {
        if (number_words[i].unit == term->unit) {
            snprintf(into, n, "%s%" PRId64 "%s", number_words[i].word, term->count, clock);
            return;
        }
    }
    for (size_t i = 0; i < N_UNIT_WORDS; i++) {
        const struct unit_word *word = &unit_words[i];
        if (word->unit == term->unit && count % word->scale == 0) {
            snprintf(into, n, "%" PRId64 "%s%s", count / word->scale, word->word, clock);
            return;
        }
    }
    snprintf(into, n, "%s", "");
}

const char *span_format(const struct span *span, char into[static SPAN_TEXT_MAX])
{
    struct span_term term = span_first_term(span), then = span_then_term(span);
    char text[64], clock[CLOCK_TEXT_MAX];

    if (span->unit == SPAN_SHARE) {
        snprintf(into, SPAN_TEXT_MAX, "%" PRId64 "%%", span->count);
    } else if (span->unit != SPAN_AT_FIELD) {
        format_term(&term, text, sizeof text);
        snprintf(into, SPAN_TEXT_MAX, "%s%s", span_term_is_backward(&term) ? "-" : "", text);
    } else {
        format_clock(&term, clock, sizeof clock);
        format_term(&then, text, sizeof text);
        const char *sign = then.unit == SPAN_NONE ? "" : span_term_is_backward(&then) ? " - " : " + ";
        snprintf(into, SPAN_TEXT_MAX, "at:%s%s%s%s", span->field, clock, sign, text);
    }
    return into;
}

bool span_field_parse(const char *text, struct span_field *out)
{
    struct span_field field = {0};
    if (civil_parse(text, &field.day)) {
        field.is_date = true;
        field.at = INSTANT_NONE;
    } else if (!instant_parse(text, &field.at)) {
        return false;
    }
    *out = field;
    return true;
}

#include "spoilt.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"

enum { WORDS_MAX = 20000, PIECES_MAX = 20000 };

uint32_t random_below(struct random *random, size_t bound)
{
    uint64_t z = (random->state += UINT64_C(0x9E3779B97F4A7C15)); /* splitmix64 */
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return bound ? (uint32_t)((z ^ (z >> 31)) % bound) : 0;
}

/* -- pieces of a text -- */

struct piece {
    size_t at, n;
};

struct pieces {
    struct piece items[PIECES_MAX];
    size_t n;
};

static void add_piece(struct pieces *pieces, size_t at, size_t n)
{
    if (pieces->n < PIECES_MAX)
        pieces->items[pieces->n++] = (struct piece){at, n};
}

static size_t skip_string(const char *text, size_t n, size_t at)
{
    size_t to = at + 1;
    while (to < n && text[to] != '"' && text[to] != '\n')
        to += text[to] == '\\' && to + 1 < n ? 2 : 1;
    return to < n ? to + 1 : n;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* Words, numbers, quoted texts and marks. */
static void find_tokens(const char *text, size_t n, struct pieces *out)
{
    out->n = 0;
    for (size_t at = 0; at < n;) {
        size_t to = at + 1;
        if (text[at] == '"')
            to = skip_string(text, n, at);
        else if (is_word(text[at]))
            while (to < n && is_word(text[to]))
                to++;
        if (!isspace((unsigned char)text[at]))
            add_piece(out, at, to - at);
        at = to;
    }
}

static void find_lines(const char *text, size_t n, struct pieces *out)
{
    out->n = 0;
    for (size_t at = 0; at < n;) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t to = end ? (size_t)(end - text) + 1 : n;
        add_piece(out, at, to - at);
        at = to;
    }
}

static void find_strings(const char *text, size_t n, struct pieces *out)
{
    out->n = 0;
    for (size_t at = 0; at < n;) {
        size_t to = text[at] == '"' ? skip_string(text, n, at) : at + 1;
        if (text[at] == '"')
            add_piece(out, at, to - at);
        at = to;
    }
}

static void find_numbers(const char *text, size_t n, struct pieces *out)
{
    out->n = 0;
    for (size_t at = 0; at < n;) {
        size_t to = at;
        while (to < n && isdigit((unsigned char)text[to]))
            to++;
        if (to > at)
            add_piece(out, at, to - at);
        at = to > at ? to : at + 1;
    }
}

/* What stands between a `=` and the `;` that ends it, groups and lists included. */
static void find_values(const char *text, size_t n, struct pieces *out)
{
    out->n = 0;
    for (size_t at = 0; at < n; at++) {
        size_t to = at + 1, depth = 0;
        if (text[at] != '=')
            continue;
        while (to < n && (depth > 0 || (text[to] != ';' && text[to] != '}' && text[to] != ')'))) {
            depth += text[to] == '{' || text[to] == '(' || text[to] == '[';
            depth -= depth > 0 && (text[to] == '}' || text[to] == ')' || text[to] == ']');
            to = text[to] == '"' ? skip_string(text, n, to) : to + 1;
        }
        add_piece(out, at + 1, to - at - 1);
    }
}

static struct piece choose(const struct pieces *pieces, struct random *random)
{
    return pieces->n ? pieces->items[random_below(random, pieces->n)] : (struct piece){0, 0};
}

/* -- words -- */

void words_collect(struct words *words, const char *text, size_t n)
{
    struct pieces *strings = malloc(sizeof *strings);
    find_strings(text, n, strings);
    for (size_t i = 0; i < strings->n && words->n < WORDS_MAX; i++) {
        if (words->n == words->room) {
            words->room = words->room ? words->room * 2 : 256;
            words->items = realloc(words->items, words->room * sizeof *words->items);
        }
        words->items[words->n++] = strndup(text + strings->items[i].at, strings->items[i].n);
    }
    free(strings);
}

void words_finish(struct words *words)
{
    for (size_t i = 0; i < words->n; i++)
        free(words->items[i]);
    free(words->items);
    *words = (struct words){0};
}

/* -- what is done -- */

struct job {
    const char *text;
    size_t n;
    const struct words *words;
    struct random *random;
    struct pieces *pieces;
    struct buffer *out;
};

static void add(struct job *job, size_t from, size_t to)
{
    if (to > from)
        buffer_add(job->out, job->text + from, to - from);
}

static void replace(struct job *job, struct piece piece, const char *with, size_t with_n)
{
    add(job, 0, piece.at);
    buffer_add(job->out, with, with_n);
    add(job, piece.at + piece.n, job->n);
}

static void exchange(struct job *job)
{
    struct piece a = choose(job->pieces, job->random), b = choose(job->pieces, job->random);
    if (a.at > b.at) {
        struct piece first = b;
        b = a;
        a = first;
    }
    if (a.at + a.n > b.at) { /* one in the other */
        replace(job, a, job->text + b.at, b.at < a.at + a.n ? b.n : 0);
        return;
    }
    add(job, 0, a.at);
    add(job, b.at, b.at + b.n);
    add(job, a.at + a.n, b.at);
    add(job, a.at, a.at + a.n);
    add(job, b.at + b.n, job->n);
}

static void move(struct job *job, bool copies)
{
    struct piece what = choose(job->pieces, job->random), to = choose(job->pieces, job->random);
    for (size_t at = 0; at < job->n; at++) {
        if (at == to.at)
            add(job, what.at, what.at + what.n);
        if (copies || at < what.at || at >= what.at + what.n)
            buffer_add_char(job->out, job->text[at]);
    }
}

static struct piece range(struct job *job, size_t most)
{
    size_t at = random_below(job->random, job->n), n = 1 + random_below(job->random, most);
    return (struct piece){at, at + n > job->n ? job->n - at : n};
}

static void flip_bit(struct job *job)
{
    struct piece piece = range(job, 1);
    char byte = job->n ? (char)(job->text[piece.at] ^ (1 << random_below(job->random, 8))) : 'x';
    replace(job, piece, &byte, 1);
}

static void set_byte(struct job *job)
{
    static const char marks[] = "\0\1\n\r\t \"#%'()*+,-./0:;<=>@[\\]`{|}~\x7f\x80\xc3\xe2\xff";
    char byte = marks[random_below(job->random, sizeof marks - 1)];
    struct piece piece = range(job, 1);
    if (random_below(job->random, 2))
        piece.n = 0; /* put in, not in the place of another */
    replace(job, piece, &byte, 1);
}

static void delete_range(struct job *job)
{
    replace(job, range(job, random_below(job->random, 4) ? 40 : 2000), "", 0);
}

static void repeat_range(struct job *job)
{
    struct piece piece = range(job, random_below(job->random, 4) ? 40 : 4000);
    add(job, 0, piece.at + piece.n);
    add(job, piece.at, job->n);
}

static void delete_token(struct job *job)
{
    find_tokens(job->text, job->n, job->pieces);
    replace(job, choose(job->pieces, job->random), "", 0);
}

static void swap_tokens(struct job *job)
{
    find_tokens(job->text, job->n, job->pieces);
    exchange(job);
}

static void swap_values(struct job *job)
{
    find_values(job->text, job->n, job->pieces);
    exchange(job);
}

static void copy_value(struct job *job)
{
    find_values(job->text, job->n, job->pieces);
    struct piece from = choose(job->pieces, job->random);
    replace(job, choose(job->pieces, job->random), job->text + from.at, from.n);
}

static void swap_lines(struct job *job)
{
    find_lines(job->text, job->n, job->pieces);
    exchange(job);
}

static void move_line(struct job *job)
{
    find_lines(job->text, job->n, job->pieces);
    move(job, random_below(job->random, 2));
}

static void delete_lines(struct job *job)
{
    find_lines(job->text, job->n, job->pieces);
    struct piece from = choose(job->pieces, job->random), to = choose(job->pieces, job->random);
    if (random_below(job->random, 3) || to.at < from.at)
        to = from;
    replace(job, (struct piece){from.at, to.at + to.n - from.at}, "", 0);
}

static void extreme_number(struct job *job)
{
    static const char *const numbers[] = {"0",
                                          "1",
                                          "-1",
                                          "7",
                                          "13",
                                          "24",
                                          "25",
                                          "31",
                                          "32",
                                          "60",
                                          "99",
                                          "100",
                                          "366",
                                          "1000",
                                          "9999",
                                          "65535",
                                          "65536",
                                          "1000000",
                                          "2147483647",
                                          "2147483648",
                                          "-2147483648",
                                          "4294967295",
                                          "4294967296",
                                          "9007199254740993",
                                          "1e9",
                                          "0x7fffffff",
                                          "000000001",
                                          "999999999999",
                                          "9223372036854775807",
                                          "9223372036854775808",
                                          "18446744073709551616",
                                          "1.5",
                                          "99999999999999999999999999"};
    const char *number = numbers[random_below(job->random, sizeof numbers / sizeof *numbers)];
    find_numbers(job->text, job->n, job->pieces);
    replace(job, choose(job->pieces, job->random), number, strlen(number));
}

static void other_word(struct job *job)
{
    find_strings(job->text, job->n, job->pieces);
    const char *word = job->words->n ? job->words->items[random_below(job->random, job->words->n)] : "\"\"";
    replace(job, choose(job->pieces, job->random), word, strlen(word));
}

static void strange_word(struct job *job)
{
    static const char *const words[] = {"\"\"",
                                        "\" \"",
                                        "\"\\x00\"",
                                        "\"\\xff\\xfe\"",
                                        "\"{{\"",
                                        "\"{{#a}}{{#a}}\"",
                                        "\"{{{{{{{{\"",
                                        "\"}}\"",
                                        "\"..\"",
                                        "\"@/etc/passwd\"",
                                        "\"@\"",
                                        "\"@/\"",
                                        "\"each of \"",
                                        "\"of of of\"",
                                        "\"owner of owner of owner\"",
                                        "\"role:\"",
                                        "\"person:\"",
                                        "\"group:\"",
                                        "\"head of head of head of head of head of head of head of head\"",
                                        "\"at:\"",
                                        "\"at:x + \"",
                                        "\"999999999wd\"",
                                        "\"99999999999999999999h\"",
                                        "\"100%\"",
                                        "\"1mo\"",
                                        "\"1000y\"",
                                        "\"-9999y\"",
                                        "\"wdom:-99@close\"",
                                        "\"day:0@24:00\"",
                                        "\"due-\"",
                                        "\"due+\"",
                                        "\"due-99999wh\"",
                                        "\"24:00-00:00\"",
                                        "\"Mon-Sun 00:00-24:00\"",
                                        "\"Sun-Mon 23:00-01:00\"",
                                        "\"0001-01-01..9999-12-31\"",
                                        "\"9999-12-31\"",
                                        "\"2026-02-30\"",
                                        "\"a == b == c\"",
                                        "\"a in \"",
                                        "\"a > 99999999999999999999\"",
                                        "\"\xe2\x80\xae\"",
                                        "\"%s%n%1$*2$d\"",
                                        "\"cuiban:x\"",
                                        "\"x}y{\"",
                                        "\"redis://h\"",
                                        "\"rediss://u:p@h\"",
                                        "\"127.0.0.1:x\"",
                                        "\"unix:\"",
                                        "\"../../../../../../etc\"",
                                        "\".\"",
                                        "\"/dev/null\"",
                                        "\"/proc/self/mem\"",
                                        "{ }",
                                        "( )",
                                        "[ ]",
                                        "( ( ( ( ) ) ) )",
                                        "true",
                                        "1.5",
                                        "0x1",
                                        "5000000000L",
                                        "( { } )",
                                        "[ \"\" ]",
                                        "[ 1, 2 ]",
                                        "{ x = { x = { x = { }; }; }; }"};
    const char *word = words[random_below(job->random, sizeof words / sizeof *words)];
    bool is_value = random_below(job->random, 2);
    if (is_value)
        find_values(job->text, job->n, job->pieces);
    else
        find_strings(job->text, job->n, job->pieces);
    replace(job, choose(job->pieces, job->random), word, strlen(word));
}

static void long_word(struct job *job)
{
    static const size_t lengths[] = {63, 64, 79, 80, 81, 200, 255, 256, 1023, 1024, 4096, 70000};
    size_t n = lengths[random_below(job->random, sizeof lengths / sizeof *lengths)];
    char *word = malloc(n + 2);
    memset(word, random_below(job->random, 2) ? 'a' : '9', n + 1);
    word[0] = word[n + 1] = '"';
    find_strings(job->text, job->n, job->pieces);
    replace(job, choose(job->pieces, job->random), word, n + 2);
    free(word);
}

static void deep_nest(struct job *job)
{
    static const size_t depths[] = {2, 20, 31, 32, 33, 64, 65, 200, 2000, 20000};
    size_t n = depths[random_below(job->random, sizeof depths / sizeof *depths)];
    char *nest = malloc(2 * n + 1);
    memset(nest, '(', n);
    memset(nest + n, ')', n);
    find_values(job->text, job->n, job->pieces);
    replace(job, choose(job->pieces, job->random), nest, random_below(job->random, 3) ? 2 * n : n);
    free(nest);
}

static void truncate_text(struct job *job)
{
    add(job, 0, random_below(job->random, job->n + 1));
}

/* A name that stands twice, or a wrong one. */
static void rename_token(struct job *job)
{
    find_tokens(job->text, job->n, job->pieces);
    struct piece from = choose(job->pieces, job->random);
    replace(job, choose(job->pieces, job->random), job->text + from.at, from.n);
}

char *spoil_text(const char *text, size_t n, const struct words *words, struct random *random, size_t *out_n,
                 const char **what)
{
    static const struct {
        const char *what;
        void (*change)(struct job *job);
    } changes[] = {
        {"a bit flipped", flip_bit},       {"a byte set", set_byte},
        {"a range deleted", delete_range}, {"a range doubled", repeat_range},
        {"a token deleted", delete_token}, {"tokens exchanged", swap_tokens},
        {"values exchanged", swap_values}, {"a value copied", copy_value},
        {"lines exchanged", swap_lines},   {"a line moved", move_line},
        {"lines deleted", delete_lines},   {"a number changed", extreme_number},
        {"another text", other_word},      {"another text", other_word},
        {"a strange text", strange_word},  {"a strange text", strange_word},
        {"a long text", long_word},        {"nested", deep_nest},
        {"cut off", truncate_text},        {"a token copied", rename_token},
    };
    size_t change = random_below(random, sizeof changes / sizeof *changes);
    struct buffer out;
    struct job job = {text, n, words, random, malloc(sizeof(struct pieces)), &out};
    buffer_init(&out);
    changes[change].change(&job);
    free(job.pieces);
    *what = changes[change].what;
    *out_n = out.n;
    buffer_add_char(&out, '\0');
    return buffer_take(&out);
}

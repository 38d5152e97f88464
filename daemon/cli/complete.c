/* What could stand at the end of a command line, for the shells: one candidate a line, a tab, what it is. The
 * table of verbs says it all: their names, their options, and the capitalised words of their usage lines. */
#include "cli/complete.h"

#include <string.h>

#include "cli/verbs.h"

struct usage_reader {
    const char *at;
    bool alternative; /* a | stood before the word */
    bool closed;      /* a ] stands directly behind it */
    bool repeated;    /* ... stands behind it */
};

bool usage_word_is(const struct usage_word *word, const char *text)
{
    return strlen(text) == word->n && memcmp(word->text, text, word->n) == 0;
}

static bool next_word(struct usage_reader *reader, struct usage_word *out)
{
    size_t blanks = strspn(reader->at, " []|.");

    reader->alternative = memchr(reader->at, '|', blanks) != NULL;
    *out = (struct usage_word){reader->at + blanks, strcspn(reader->at + blanks, " []|")};
    reader->at = out->text + out->n;
    reader->closed = *reader->at == ']';
    reader->repeated = strncmp(reader->at, " ...", 4) == 0;
    return out->n > 0;
}

static bool is_option(const struct usage_word *word)
{
    return word->n > 1 && word->text[0] == '-';
}

void completion_offer(const struct completion *completion, const char *prefix, const char *name,
                      const char *description)
{
    size_t prefix_n = strlen(prefix), n = strlen(completion->current);
    size_t from_prefix = n < prefix_n ? n : prefix_n;

    if (strncmp(completion->current, prefix, from_prefix) != 0 ||
        strncmp(completion->current + from_prefix, name, n - from_prefix) != 0)
        return;
    if (description == NULL)
        description = "";
    cli_print("%s%s", prefix, name);
    putchar('\t'); /* between word and description, for the shells */
    cli_print("%.*s\n", (int)strcspn(description, "\t\r\n"), description);
}

/* -- options -- */

/* `word` as it was typed or stands in a usage line: "--config" or "-c". */
static const struct argument_option *find_option(const struct argument_option *options,
                                                 const struct usage_word *word)
{
    struct usage_word name = {word->text + 2, word->n - 2};

    for (; options != NULL && options->name != NULL; options++) {
        bool is_letter = word->n == 2 && options->letter != 0 && word->text[1] == options->letter;

        if (is_letter || (word->n > 2 && usage_word_is(&name, options->name)))
            return options;
    }
    return NULL;
}

/* The option that wants the next word as its value, or NULL. */
static const struct argument_option *waiting_option(const struct completion *completion, const char *word)
{
    struct usage_word typed = {word, strlen(word)};
    const struct argument_option *option;

    if (word[0] != '-')
        return NULL;
    option = find_option(completion->cli->options, &typed);
    if (option == NULL && completion->verb != NULL)
        option = find_option(completion->verb->options, &typed);
    return option != NULL && option->takes_value ? option : NULL;
}

static void offer_options(const struct completion *completion, const struct argument_option *options)
{
    char name[64];

    for (; options != NULL && options->name != NULL; options++) {
        snprintf(name, sizeof(name), "--%s", options->name);
        completion_offer(completion, "", name, NULL);
    }
}

/* What the usage line says behind the option; options that it leaves out are the same everywhere. */
static void offer_value(struct completion *completion, const char *option)
{
    static const struct {
        const char *option, *kind;
    } usual[] = {{"config", "FILE"}, {"stream", "STREAM"}, {"by", "PERSON"}};
    struct usage_reader reader = {.at = completion->verb == NULL ? "" : completion->verb->usage};
    struct usage_word word;

    if (strcmp(option, "lang") == 0) {
        completion_offer(completion, "", "zh", "中文");
        completion_offer(completion, "", "en", "English");
    }
    while (next_word(&reader, &word)) {
        if (!is_option(&word) || reader.closed || word.n != strlen(option) + 2 ||
            strncmp(word.text + 2, option, word.n - 2) != 0)
            continue;
        if (next_word(&reader, &word))
            completion_offer_names(completion, "", word);
        return;
    }
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (strcmp(usual[i].option, option) == 0)
            completion_offer_names(completion, "", (struct usage_word){usual[i].kind, strlen(usual[i].kind)});
    }
}

/* -- words -- */

/* "rule=RULE": the name first, then what may stand behind it. */
static void offer_assignment(struct completion *completion, const struct usage_word *word)
{
    const char *equals = memchr(word->text, '=', word->n);
    struct usage_word kind = {equals + 1, word->n - (size_t)(equals + 1 - word->text)};
    char name[64];

    if (strncmp(word->text, "field=", 6) == 0 || strncmp(word->text, "FIELD=", 6) == 0) {
        completion_offer_fields(completion);
        return;
    }
    snprintf(name, sizeof(name), "%.*s", (int)(equals + 1 - word->text), word->text);
    if (strncmp(completion->current, name, strlen(name)) == 0)
        completion_offer_names(completion, name, kind);
    else
        completion_offer(completion, "", name, NULL);
}

/* Moves over the value that the usage line shows behind an option. */
static void skip_option(const struct completion *completion, struct usage_reader *reader,
                        const struct usage_word *option)
{
    const struct argument_option *known = find_option(completion->verb->options, option);
    struct usage_word value;

    if (known != NULL && known->takes_value && !reader->closed)
        (void)next_word(reader, &value);
}

/* Words with an = may come in any order from the place on where the first of them stands. */
static void offer_words(struct completion *completion, size_t position)
{
    struct usage_reader reader = {.at = completion->verb->usage};
    size_t next = 0, assignments = SIZE_MAX;
    bool before_option = false;
    struct usage_word word;

    while (next_word(&reader, &word)) {
        bool assigns = memchr(word.text, '=', word.n) != NULL;

        if (is_option(&word)) { /* "ID | [--not] RULE": the | is that of RULE */
            before_option = reader.alternative;
            skip_option(completion, &reader, &word);
            continue;
        }
        reader.alternative = reader.alternative || before_option;
        before_option = false;
        if (assigns && assignments == SIZE_MAX)
            assignments = next;
        if (assigns && position >= assignments)
            offer_assignment(completion, &word);
        if (assigns)
            continue;
        if (!reader.alternative || next == 0)
            next++;
        if (next == position + 1 || (reader.repeated && position >= next))
            completion_offer_names(completion, "", word);
    }
}

/* -- verbs -- */

/* Verbs of one word, or the next word of those of two; `first` is the word that stands there already. */
static void offer_verbs(const struct completion *completion, const char *first)
{
    const char *last = "";
    char word[64];

    for (size_t i = 0; i < completion->cli->n_verbs; i++) {
        const struct cli_verb *verb = &completion->cli->verbs[i];
        const char *space = strchr(verb->name, ' ');
        size_t n = space == NULL ? strlen(verb->name) : (size_t)(space - verb->name);

        if (verb->hidden)
            continue;
        if (first != NULL) {
            if (space != NULL && strlen(first) == n && strncmp(first, verb->name, n) == 0)
                completion_offer(completion, "", space + 1,
                                 cli_in(completion->cli, verb->english, verb->chinese));
            continue;
        }
        snprintf(word, sizeof(word), "%.*s", (int)n, verb->name);
        if (strncmp(last, word, n) == 0 && last[n] == ' ')
            continue; /* of the same family as the one before */
        completion_offer(completion, "", word,
                         space != NULL ? NULL : cli_in(completion->cli, verb->english, verb->chinese));
        last = verb->name;
    }
}

static const struct cli_verb *find_verb(const struct cli *cli, const char *first, const char *second)
{
    for (size_t i = 0; i < cli->n_verbs; i++) {
        const char *name = cli->verbs[i].name;
        size_t n = strlen(first);

        if (strncmp(name, first, n) != 0)
            continue;
        if (name[n] == '\0' || (name[n] == ' ' && second != NULL && strcmp(name + n + 1, second) == 0))
            return &cli->verbs[i];
    }
    return NULL;
}

/* -- the line -- */

/* What the words before the last one have come to. */
struct line {
    const char *first;                     /* the first word of the verb, or NULL */
    size_t position;                       /* how many words stand behind the verb */
    const struct argument_option *waiting; /* an option that wants its value */
};

static void read_word(struct completion *completion, struct line *line, const char *word)
{
    const struct argument_option *option = line->waiting;

    line->waiting = option == NULL ? waiting_option(completion, word) : NULL;
    if (option != NULL && strcmp(option->name, "config") == 0)
        completion->cli->settings = word;
    if (option != NULL && strcmp(option->name, "type") == 0) { /* stands for the first word */
        completion->subject = word;
        line->position++;
    }
    if (option != NULL || word[0] == '-')
        return;
    if (completion->verb != NULL) {
        if (line->position++ == 0 && completion->subject == NULL)
            completion->subject = word;
        return;
    }
    completion->verb = line->first == NULL ? find_verb(completion->cli, word, NULL)
                                           : find_verb(completion->cli, line->first, word);
    line->first = word;
}

enum cli_status verb_complete(struct cli *cli)
{
    struct completion completion = {.cli = cli, .current = cli->arguments.words[cli->arguments.n - 1]};
    struct line line = {NULL};

    for (size_t i = 0; i + 1 < cli->arguments.n; i++)
        read_word(&completion, &line, cli->arguments.words[i]);
    if (line.waiting != NULL) {
        offer_value(&completion, line.waiting->name);
    } else if (completion.current[0] == '-') {
        offer_options(&completion, completion.verb == NULL ? NULL : completion.verb->options);
        offer_options(&completion, cli->options);
    } else if (completion.verb == NULL) {
        offer_verbs(&completion, line.first);
    } else {
        offer_words(&completion, line.position);
    }
    config_unload(completion.config);
    return CLI_OK;
}

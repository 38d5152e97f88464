#include "store/commit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/script.h"

enum { WORDS_BEFORE = 3 + KEYS_OF_COMMIT }; /* EVALSHA sha 12 keys... */

struct words {
    const char **at;
    size_t *lengths;
    size_t n, room;
    bool failed;
};

struct commit {
    const struct keys *keys;
    struct arena *arena; /* numbers as text */
    struct words words;
    uint64_t seq;
    instant now;
    size_t bytes;
};

static void words_add(struct words *words, const char *text, size_t n)
{
    if (words->n == words->room) {
        size_t room = words->room ? words->room * 2 : 256;
        const char **at = realloc(words->at, room * sizeof(*at));
        if (at)
            words->at = at;
        size_t *lengths = at ? realloc(words->lengths, room * sizeof(*lengths)) : NULL;
        if (lengths)
            words->lengths = lengths;
        if (!at || !lengths) {
            words->failed = true;
            return;
        }
        words->room = room;
    }
    words->at[words->n] = text;
    words->lengths[words->n++] = n;
}

static void words_text(struct words *words, const char *text)
{
    words_add(words, text ? text : "", text ? strlen(text) : 0);
    if (!text)
        words->failed = true;
}

static void add_number(struct commit *commit, int64_t number)
{
    words_text(&commit->words, arena_printf(commit->arena, "%lld", (long long)number));
}

static void add_id(struct commit *commit, struct stream_id id)
{
    char text[STREAM_ID_TEXT_MAX];
    words_text(&commit->words, arena_strdup(commit->arena, stream_id_format(id, text)));
}

struct commit *commit_create(const struct keys *keys)
{
    struct commit *commit = calloc(1, sizeof(*commit));
    if (!commit)
        return NULL;
    commit->keys = keys;
    commit->arena = arena_create();
    if (!commit->arena) {
        free(commit);
        return NULL;
    }
    return commit;
}

void commit_destroy(struct commit *commit)
{
    if (!commit)
        return;
    arena_destroy(commit->arena);
    free(commit->words.at);
    free(commit->words.lengths);
    free(commit);
}

/* The arguments that every commit has, in the order of enum commit_argument. */
static void add_frame(struct commit *commit, const struct commit_frame *frame, const struct changes *changes)
{
    struct words *words = &commit->words;
    words_text(words, ""); /* the token: filled in when it is sent */
    add_number(commit, (int64_t)frame->seq - 1);
    add_number(commit, (int64_t)frame->seq);
    add_number(commit, frame->now);
    add_id(commit, frame->cursor);
    add_id(commit, frame->commands);
    if (frame->read < 0)
        words_text(words, "");
    else
        add_number(commit, frame->read);
    words_text(words, arena_strdup(commit->arena, frame->rules));
    if (frame->takes < 0)
        words_text(words, "");
    else
        add_number(commit, frame->takes);
    words_text(words, arena_strdup(commit->arena, frame->trying ? frame->trying : "-"));
    words_add(words, buffer_text(&changes->journal), changes->journal.n);
    add_number(commit, frame->oldest_ms > 0 ? frame->oldest_ms : 0);
    add_number(commit, frame->journal_max > 0 ? frame->journal_max : COMMIT_JOURNAL_KEPT);
    add_number(commit, COMMIT_DEAD_KEPT);
    if (frame->seen_min == INSTANT_NONE)
        words_text(words, "");
    else
        add_number(commit, frame->seen_min);
}

/* One section: the changes of one table with one letter, in as many pieces as Lua can unpack. */
struct section {
    enum change_table table;
    bool removes;
    char letter;
    size_t place; /* of the count in the words, 0 while none is open */
    size_t n;
};

static void section_close(struct commit *commit, struct section *section)
{
    if (section->place == 0 || commit->words.failed)
        return;
    const char *count = arena_printf(commit->arena, "%zu", section->n);
    commit->words.failed |= !count;
    commit->words.at[section->place] = count ? count : "";
    commit->words.lengths[section->place] = count ? strlen(count) : 0;
    section->place = 0;
    section->n = 0;
}

static void section_open(struct commit *commit, struct section *section)
{
    char letter[2] = {section->letter, '\0'};
    add_number(commit, (int64_t)key_of_table(section->table) + 1);
    words_text(&commit->words, arena_strdup(commit->arena, letter));
    section->place = commit->words.n;
    words_text(&commit->words, "");
}

static void section_add(struct commit *commit, struct section *section, const char *key, size_t key_n,
                        const char *value, size_t value_n)
{
    if (section->place == 0)
        section_open(commit, section);
    if (section->letter == 'Z') { /* ZADD wants the score first */
        words_add(&commit->words, value, value_n);
        words_add(&commit->words, key, key_n);
    } else {
        if (section->letter != 'X')
            words_add(&commit->words, key, key_n);
        if (!section->removes)
            words_add(&commit->words, value, value_n);
    }
    section->n += section->removes || section->letter == 'X' ? 1 : 2;
    if (section->n >= COMMIT_SECTION_MAX)
        section_close(commit, section);
}

static char letter_of(enum change_table table, bool removes)
{
    switch (table) {
    case TABLE_SEEN:
        return removes ? 'z' : 'Z';
    case TABLE_STATS:
        return removes ? 'D' : 'I';
    case TABLE_DEAD:
        return 'X';
    default:
        return removes ? 'D' : 'S';
    }
}

static void add_table(struct commit *commit, const struct changes *changes, enum change_table table,
                      bool removes)
{
    struct section section = {.table = table, .removes = removes, .letter = letter_of(table, removes)};
    for (size_t i = 0; i < changes->n; i++) {
        const struct change *change = &changes->items[i];
        if (change->table != table || change->removes != removes)
            continue;
        section_add(commit, &section, change_key(changes, change), change->key_n,
                    change_value(changes, change), change->value_n);
    }
    section_close(commit, &section);
}

int commit_build(struct commit *commit, const struct commit_frame *frame, const struct changes *changes)
{
    struct words *words = &commit->words;
    arena_reset(commit->arena);
    *words = (struct words){.at = words->at, .lengths = words->lengths, .room = words->room};
    commit->seq = frame->seq;
    commit->now = frame->now;
    words_text(words, "EVALSHA");
    words_text(words, ""); /* sha or script, filled in when it is sent */
    add_number(commit, KEYS_OF_COMMIT);
    for (int key = 0; key < KEYS_OF_COMMIT; key++)
        words_text(words, commit->keys->names[key]);
    add_frame(commit, frame, changes);
    bool used[TABLES][2] = {0};
    for (size_t i = 0; i < changes->n; i++)
        used[changes->items[i].table][changes->items[i].removes] = true;
    for (int table = 0; table < TABLES; table++)
        for (int removes = 0; removes < 2; removes++)
            if (used[table][removes])
                add_table(commit, changes, (enum change_table)table, removes);
    commit->bytes = 0;
    for (size_t i = 0; i < words->n; i++)
        commit->bytes += words->lengths[i];
    return words->failed ? -ENOMEM : 0;
}

uint64_t commit_seq(const struct commit *commit)
{
    return commit->seq;
}

instant commit_now(const struct commit *commit)
{
    return commit->now;
}

size_t commit_bytes(const struct commit *commit)
{
    return commit->bytes;
}

bool commit_send(struct commit *commit, struct connection *connection, const char *token, const char *sha,
                 int64_t limit_ms, connection_reply *reply, void *data)
{
    struct words *words = &commit->words;
    const char *script = *sha ? sha : script_commit;
    words->at[0] = *sha ? "EVALSHA" : "EVAL";
    words->lengths[0] = strlen(words->at[0]);
    words->at[1] = script;
    words->lengths[1] = strlen(script);
    size_t place = WORDS_BEFORE + COMMIT_TOKEN - 1;
    words->at[place] = token;
    words->lengths[place] = strlen(token);
    return connection_send(connection, words->n, words->at, words->lengths, limit_ms, reply, data);
}

static bool begins(const redisReply *reply, const char *word)
{
    /* Redis 6.2 puts "ERR " before an error that a script made itself. */
    const char *text = strncmp(reply->str, "ERR ", 4) == 0 ? reply->str + 4 : reply->str;
    return strncmp(text, word, strlen(word)) == 0;
}

enum commit_answer commit_judge(const redisReply *reply, struct commit_result *out)
{
    if (reply->type == REDIS_REPLY_ERROR) {
        if (begins(reply, "NOSCRIPT"))
            return COMMIT_ANSWER_NOSCRIPT;
        if (begins(reply, "STALE"))
            return COMMIT_ANSWER_STALE;
        return begins(reply, "DAMAGED") ? COMMIT_ANSWER_DAMAGED : COMMIT_ANSWER_REFUSED;
    }
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
        return COMMIT_ANSWER_REFUSED;
    *out = (struct commit_result){
        .seq = (uint64_t)reply->element[0]->integer,
        .deadlines = (uint64_t)reply->element[1]->integer,
        .outbox = (uint64_t)reply->element[2]->integer,
    };
    return COMMIT_ANSWER_OK;
}

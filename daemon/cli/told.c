#include "cli/told.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 512 }; /* firings in one commit */

struct walk {
    struct arena *arena;  /* of what is kept */
    struct arena *commit; /* of the commit that is being read */
    uint64_t seq;
    struct history_record steps[STEPS_MAX]; /* its firings: a message follows its own */
    size_t n_steps;
    struct told_day *day;
};

static bool is(const struct history_record *record, const char *what)
{
    return strcmp(record->what, what) == 0;
}

static bool is_end(const char *what)
{
    return strcmp(what, "delivered") == 0 || strcmp(what, "withdrawn") == 0 || strcmp(what, "dead") == 0;
}

static bool is_failure(const char *what)
{
    static const char *const failures[] = {"retry", "backoff", "refused", "misconfigured", "uncertain"};

    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (strcmp(what, failures[i]) == 0)
            return true;
    }
    return false;
}

static bool is_of_day(const struct told_day *day, instant at)
{
    return at >= day->from && at < day->to;
}

/* -- messages -- */

static struct told_message *find_message(struct told_day *day, const char *notification)
{
    for (size_t i = 0; i < day->n_messages; i++) {
        if (strcmp(history_text(&day->messages[i].queued, "n"), notification) == 0)
            return &day->messages[i];
    }
    return NULL;
}

static const struct history_record *step_of(const struct walk *walk, const struct history_record *queued)
{
    for (size_t i = walk->n_steps; i > 0; i--) {
        const struct history_record *step = &walk->steps[i - 1];

        if (strcmp(history_text(step, "d"), history_text(queued, "d")) == 0 &&
            strcmp(history_text(step, "s"), history_text(queued, "s")) == 0)
            return step;
    }
    return NULL;
}

static int add_message(struct walk *walk, const struct history_record *queued)
{
    struct told_day *day = walk->day;
    const struct history_record *step = step_of(walk, queued);
    struct told_message *message = &day->messages[day->n_messages];

    if (day->n_messages == TOLD_MESSAGES_MAX) {
        day->cut = true;
        return 0;
    }
    *message = (struct told_message){.attempts = 0};
    if (!history_copy(walk->arena, queued, &message->queued) ||
        (step != NULL && !history_copy(walk->arena, step, &message->step)))
        return -ENOMEM;
    message->last = message->waits = message->queued;
    day->n_messages++;
    return 0;
}

/* Whatever ended before the date is of no interest: the list holds what may still matter. */
static int follow(struct walk *walk, struct told_message *message, const struct history_record *record)
{
    struct told_day *day = walk->day;

    if (is(record, "claimed")) {
        message->attempts++;
        return 0;
    }
    if (is(record, "moved"))
        return history_copy(walk->arena, record, &message->waits) ? 0 : -ENOMEM;
    if (is_end(record->what) && record->now < day->from) {
        *message = day->messages[--day->n_messages];
        return 0;
    }
    message->ended = is_end(record->what);
    if (is_failure(record->what) && message->failed.what == NULL &&
        !history_copy(walk->arena, record, &message->failed))
        return -ENOMEM;
    return history_copy(walk->arena, record, &message->last) ? 0 : -ENOMEM;
}

/* -- silences -- */

/* Superseded and skipped steps, people passed over, those whom nothing reaches. */
static bool is_silence(const struct walk *walk, const struct history_record *record, bool *is_path)
{
    const char *to = history_text(record, "to");

    if (!is_of_day(walk->day, record->now) ||
        (!is(record, "skipped") && !is(record, "superseded") && !is(record, "dead")))
        return false;
    *is_path = strcmp(to, walk->day->person) != 0;
    return !*is_path || !is(record, "dead");
}

static int add_silence(struct walk *walk, const struct history_record *record, bool is_path)
{
    struct told_day *day = walk->day;

    if (day->n_silences == TOLD_SILENCES_MAX) {
        day->cut = true;
        return 0;
    }
    day->silences[day->n_silences].is_path = is_path;
    return history_copy(walk->arena, record, &day->silences[day->n_silences++].record) ? 0 : -ENOMEM;
}

/* -- the journal -- */

static int remember_step(struct walk *walk, const struct history_record *record)
{
    if (walk->n_steps == STEPS_MAX)
        return 0;
    return history_copy(walk->commit, record, &walk->steps[walk->n_steps++]) ? 0 : -ENOMEM;
}

static void begin_commit(struct walk *walk, uint64_t seq)
{
    if (walk->seq == seq)
        return;
    walk->seq = seq;
    walk->n_steps = 0;
    arena_reset(walk->commit);
}

static int walk_on_record(void *data, const struct history_record *record)
{
    struct walk *walk = data;
    const char *notification = history_text(record, "n"), *person = walk->day->person;
    struct told_message *message = *notification == '\0' ? NULL : find_message(walk->day, notification);
    bool is_path = false;

    begin_commit(walk, record->seq);
    if (is(record, "step"))
        return remember_step(walk, record);
    if (message != NULL)
        return follow(walk, message, record);
    if (is(record, "queued") && record->now < walk->day->to &&
        (strcmp(history_text(record, "to"), person) == 0 ||
         strcmp(history_text(record, "on_behalf"), person) == 0))
        return add_message(walk, record);
    if (*notification == '\0' && is_silence(walk, record, &is_path))
        return add_silence(walk, record, is_path);
    return 0;
}

/* -- the deadlines -- */

const struct life *told_life(const struct told_day *day, const struct history_record *record)
{
    for (size_t i = 0; i < day->lives.n; i++) {
        if (strcmp(day->lives.items[i].id, history_text(record, "d")) == 0)
            return &day->lives.items[i];
    }
    return NULL;
}

static size_t collect_ids(const struct told_day *day, const char **ids)
{
    size_t n = 0;

    for (size_t i = 0; i < day->n_messages + day->n_silences; i++) {
        const struct history_record *record =
            i < day->n_messages ? &day->messages[i].queued : &day->silences[i - day->n_messages].record;
        const char *id = history_text(record, "d");
        bool is_new = true;

        for (size_t k = 0; k < n && is_new; k++)
            is_new = strcmp(ids[k], id) != 0;
        if (is_new)
            ids[n++] = id;
    }
    return n;
}

const char *told_path(const struct told_day *day, const struct config *config,
                      const struct history_record *record, const char *person)
{
    const struct life *life = told_life(day, record);
    const struct step *step = life == NULL ? NULL : rule_step(life->rule, history_text(record, "s"));
    int32_t today = calendar_day(ruleset_policy(config->rules)->calendar, day->from);
    struct path_context context;

    for (size_t i = 0; step != NULL && i < step->n_to; i++) {
        const char *people[PATH_RESULT_MAX], *why;
        size_t n;

        context = life_context(life, config->directory, today);
        n = path_people(&step->to[i], &context, people, &why);
        for (size_t k = 0; k < n; k++) {
            if (strcmp(people[k], person) == 0)
                return step->to[i].text;
        }
    }
    return NULL;
}

/* A step that named nobody stays only if the rule meant this person. */
static void drop_foreign(struct told_day *day, const struct config *config)
{
    size_t n = 0;

    for (size_t i = 0; i < day->n_silences; i++) {
        if (!day->silences[i].is_path ||
            told_path(day, config, &day->silences[i].record, day->person) != NULL)
            day->silences[n++] = day->silences[i];
    }
    day->n_silences = n;
}

/* What was neither queued nor ended nor waiting on the date. */
static void drop_other_days(struct told_day *day)
{
    size_t n = 0;

    for (size_t i = 0; i < day->n_messages; i++) {
        const struct told_message *message = &day->messages[i];

        if (is_of_day(day, message->queued.now) || is_of_day(day, message->last.now) ||
            (message->queued.now < day->from && (!message->ended || message->last.now >= day->to)))
            day->messages[n++] = day->messages[i];
    }
    day->n_messages = n;
}

bool told_was_sent(const struct told_day *day, const struct told_message *message)
{
    return is(&message->last, "delivered") && is_of_day(day, message->last.now) &&
           strcmp(history_text(&message->queued, "to"), day->person) == 0;
}

static int by_end(const void *a, const void *b)
{
    const struct told_message *left = a, *right = b;

    if (left->last.now != right->last.now)
        return left->last.now < right->last.now ? -1 : 1;
    return strcmp(history_text(&left->queued, "n"), history_text(&right->queued, "n"));
}

static int walk_journal(struct snapshot *snapshot, struct arena *arena, struct told_day *out)
{
    const struct stream_id begin = {0, 0};
    struct walk *walk = calloc(1, sizeof(*walk));
    int status = -ENOMEM;

    if (walk == NULL)
        return status;
    *walk = (struct walk){.arena = arena, .commit = arena_create(), .day = out};
    if (walk->commit != NULL)
        status = history_read(snapshot->shard->query, begin, NULL, walk_on_record, walk);
    arena_destroy(walk->commit);
    free(walk);
    return status;
}

enum cli_status told_load(struct snapshot *snapshot, struct arena *arena, struct told_day *out)
{
    const char **ids = arena_alloc_array(arena, TOLD_MESSAGES_MAX + TOLD_SILENCES_MAX, sizeof(*ids));
    struct lives_wanted wanted = {.ids = ids};
    int status = ids == NULL ? -ENOMEM : walk_journal(snapshot, arena, out);
    enum cli_status loaded;

    if (status == -ENOMEM)
        return cli_fail(snapshot->cli, "out of memory", "内存不足");
    if (status != 0 && status != -ENOENT)
        return setup_query_failed(snapshot->cli, snapshot->shard);
    drop_other_days(out);
    wanted.n_ids = collect_ids(out, ids);
    loaded = lives_load(snapshot, &wanted, arena, &out->lives);
    if (loaded == CLI_OK)
        drop_foreign(out, snapshot->config);
    qsort(out->messages, out->n_messages, sizeof(out->messages[0]), by_end);
    return loaded;
}

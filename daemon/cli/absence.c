#include "cli/absence.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DEAD_SEARCHED_MAX = 10000 };

const char *absence_name(enum absence what)
{
    static const char *const names[] = {
        [ABSENCE_NO_EVENT] = "no_event",
        [ABSENCE_NEAR] = "nearly",
        [ABSENCE_DEAD] = "dead_letter",
        [ABSENCE_NO_OPENING] = "no_opening_event",
        [ABSENCE_CLOCK] = "by_the_clock",
        [ABSENCE_AMONG] = "not_among",
        [ABSENCE_AFTER] = "after_nothing",
        [ABSENCE_AFTER_OPEN] = "after_open",
        [ABSENCE_AFTER_CANCELLED] = "after_cancelled",
        [ABSENCE_AFTER_CLOSED] = "after_closed",
        [ABSENCE_NEVER_SERVED] = "never_served",
        [ABSENCE_UNREAD] = "not_read_yet",
        [ABSENCE_BAD] = "bad_event",
        [ABSENCE_SEEN] = "seen_before",
        [ABSENCE_WHERE] = "where_false",
        [ABSENCE_RETIRED] = "retired",
        [ABSENCE_KEY] = "key_missing",
        [ABSENCE_OPEN_ALREADY] = "open_already",
        [ABSENCE_CLOSED_BEFORE] = "closed_before",
        [ABSENCE_RECURS] = "recurs",
        [ABSENCE_OPENED] = "opened",
        [ABSENCE_NO_RULE] = "no_rule_then",
        [ABSENCE_NO_JOURNAL] = "no_journal",
        [ABSENCE_BEYOND] = "too_many",
        [ABSENCE_TOLD] = "told",
        [ABSENCE_EARLY] = "met_early",
        [ABSENCE_CLOSED] = "closed",
        [ABSENCE_SLEEPING] = "sleeping",
        [ABSENCE_PAUSED] = "paused",
        [ABSENCE_QUIET] = "quiet_hours",
        [ABSENCE_SENDING] = "sending",
        [ABSENCE_LATER] = "later",
        [ABSENCE_NOBODY] = "nobody_told",
        [ABSENCE_NO_STEP] = "no_step",
    };

    static_assert(sizeof(names) / sizeof(names[0]) == ABSENCE_NO_STEP + 1, "one name each");
    return names[what];
}

/* -- one event -- */

bool absence_opens(const struct absence_case *asked, const struct sighting *sighting)
{
    return sighting->kind != SIGHTING_BAD && texts_have(&asked->rule->open_on, sighting->event.type);
}

static const char *missing_key(const struct rule *rule, const struct fields *fields)
{
    for (size_t i = 0; i < rule->key.n; i++) {
        const char *name = rule->key.fields[i].name, *value = fields_get(fields, name);

        if (!rule_gives_field(rule, name) && (value == NULL || *value == '\0'))
            return name;
    }
    return NULL;
}

static const struct life *opened_by(const struct absence_case *asked, const char *event)
{
    for (size_t i = 0; i < asked->lives->n; i++) {
        const struct life *life = &asked->lives->items[i];

        if (life->event != NULL && strcmp(life->event, event) == 0)
            return life;
    }
    return NULL;
}

/* The deadline that made this opening a repetition: the last one that had opened by then. */
static const struct life *life_before(const struct absence_case *asked, const struct sighting *event)
{
    const struct life *before = NULL;

    for (size_t i = 0; i < asked->lives->n; i++) {
        const struct life *life = &asked->lives->items[i];

        if (before == NULL || life->opened <= event->event.time)
            before = life;
    }
    return before;
}

/* "this key is open already" or "... not newer than one that has been closed", in the engine's words. */
static enum absence kind_of_repeat(const struct history_record *record)
{
    const char *why = fields_get(&record->fields, "why");

    return why != NULL && strstr(why, "open already") != NULL ? ABSENCE_OPEN_ALREADY : ABSENCE_CLOSED_BEFORE;
}

/* What the journal says of an event that fulfilled the rule. */
static struct reason from_journal(const struct absence_case *asked, const struct sighting *event,
                                  const char *id)
{
    const char *rule = asked->rule->name;
    struct reason reason = {.event = event};
    const struct history_record *record = lives_loose(asked->lives, "bad", rule, id);

    if (record != NULL) {
        reason.what = ABSENCE_BAD;
    } else if ((record = lives_loose(asked->lives, "repeat", rule, id)) != NULL) {
        reason.what = kind_of_repeat(record);
        reason.life = life_before(asked, event);
    } else if ((record = lives_loose(asked->lives, "recurs", rule, id)) != NULL) {
        reason.what = ABSENCE_RECURS;
    } else if (asked->lives->journal_since == INSTANT_NONE ||
               asked->lives->journal_since > (instant)event->at.ms) {
        reason.what = ABSENCE_NO_JOURNAL;
    } else if (asked->lives->cut) {
        reason.what = ABSENCE_BEYOND;
    } else {
        reason.what = ABSENCE_NO_RULE;
    }
    reason.record = record;
    return reason;
}

static bool is_seen(const struct history_record *record)
{
    return record != NULL && fields_get(&record->fields, "r") == NULL;
}

struct reason absence_of_event(const struct absence_case *asked, const struct sighting *event)
{
    const struct rule *rule = asked->rule;
    const struct fields *fields = &event->event.fields;
    struct reason reason = {.event = event};
    char id[STREAM_ID_TEXT_MAX];

    stream_id_format(event->at, id);
    reason.life = opened_by(asked, id);
    reason.record = lives_loose(asked->lives, "repeat", NULL, id);
    if (reason.life != NULL) {
        reason.what = ABSENCE_OPENED;
    } else if (asked->served && stream_id_compare(event->at, asked->head.cursor) > 0) {
        reason.what = ABSENCE_UNREAD;
    } else if (is_seen(reason.record)) {
        reason.what = ABSENCE_SEEN;
    } else if ((reason.condition = conditions_failing(&rule->open_where, fields)) != NULL) {
        reason.what = ABSENCE_WHERE;
    } else if (rule->retired) {
        reason.what = ABSENCE_RETIRED;
    } else if ((reason.field = missing_key(rule, fields)) != NULL) {
        reason.what = ABSENCE_KEY;
    } else {
        return from_journal(asked, event, id);
    }
    return reason;
}

/* -- one deadline -- */

static const struct notification *waiting(const struct absence_case *asked, const char *id)
{
    for (size_t i = 0; i < asked->snapshot->n_outbox; i++) {
        if (strcmp(asked->snapshot->outbox[i]->deadline_id, id) == 0)
            return asked->snapshot->outbox[i];
    }
    return NULL;
}

static const struct planned *next_step(const struct explain_case *open)
{
    for (size_t i = 0; open != NULL && i < open->n_planned; i++) {
        if (open->planned[i].step != NULL)
            return &open->planned[i];
    }
    return NULL;
}

/* The last record that says why somebody was not told. */
static const struct history_record *last_unsent(const struct life *life)
{
    static const char *const kinds[] = {"dead", "skipped", "withdrawn", "superseded"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct history_record *record = life_last(life, kinds[i]);

        if (record != NULL)
            return record;
    }
    return NULL;
}

static struct reason of_open(const struct absence_case *asked, const struct life *life)
{
    struct reason reason = {.life = life, .notification = waiting(asked, life->id)};
    const struct notification *notification = reason.notification;

    reason.planned = next_step(asked->open);
    reason.record = last_unsent(life);
    if (life->open->state == DEADLINE_SLEEPING)
        reason.what = ABSENCE_SLEEPING;
    else if (notification != NULL && notification->attempts == 0 &&
             notification->not_before > asked->snapshot->now)
        reason.what = ABSENCE_QUIET;
    else if (notification != NULL)
        reason.what = ABSENCE_SENDING;
    else if (life->open->state == DEADLINE_PAUSED)
        reason.what = ABSENCE_PAUSED;
    else if (reason.record != NULL && life_last(life, "step") != NULL)
        reason.what = ABSENCE_NOBODY;
    else
        reason.what = reason.planned != NULL ? ABSENCE_LATER : ABSENCE_NO_STEP;
    return reason;
}

static struct reason of_life(const struct absence_case *asked, const struct life *life)
{
    struct reason reason = {.what = ABSENCE_TOLD, .life = life, .record = life_last(life, "delivered")};
    const struct history_record *dead = life_last(life, "dead");
    const char *note;

    if (reason.record != NULL)
        return reason;
    if (life->open != NULL)
        return of_open(asked, life);
    reason.record = life->how == NULL ? NULL : life_last(life, life->how);
    note = reason.record == NULL ? NULL : fields_get(&reason.record->fields, "why");
    reason.what = note != NULL && strcmp(note, "met early") == 0 ? ABSENCE_EARLY : ABSENCE_CLOSED;
    if (dead == NULL || reason.what == ABSENCE_EARLY)
        return reason;
    reason.what = ABSENCE_NOBODY;
    reason.record = dead;
    return reason;
}

/* -- the verdict -- */

static const struct sighting *last_opening(const struct absence_case *asked)
{
    for (size_t i = asked->sightings.n; i > 0; i--) {
        const struct sighting *sighting = &asked->sightings.items[i - 1];

        if (sighting->kind == SIGHTING_WHOLE && absence_opens(asked, sighting))
            return sighting;
    }
    return NULL;
}

/* Of all that carry the value in a wrong way the most telling: one that would open the rule. */
static const struct sighting *nearest(const struct absence_case *asked)
{
    const struct sighting *near = NULL;

    for (size_t i = 0; i < asked->sightings.n; i++) {
        const struct sighting *sighting = &asked->sightings.items[i];
        bool opens = absence_opens(asked, sighting);

        if (sighting->kind == SIGHTING_BAD && near == NULL)
            near = sighting;
        if (sighting->kind == SIGHTING_NEAR && opens)
            near = sighting;
    }
    return near;
}

/* Of what is open, one that told somebody says most: the others' silence is not that of the case. */
static int weight_of(const struct life *life)
{
    return life->open == NULL ? 0 : life_count(life, "delivered") == 0 ? 1 : 2;
}

static const struct life *chosen_life(const struct lives *lives)
{
    const struct life *chosen = NULL;

    for (size_t i = 0; i < lives->n; i++) {
        if (chosen == NULL || weight_of(&lives->items[i]) >= weight_of(chosen))
            chosen = &lives->items[i];
    }
    return chosen;
}

/* What the directory says of a department, as the rule's `among` asks. */
static struct fields facts_of(const struct absence_case *asked, const struct department *department)
{
    const struct field facts[] = {{"department", department->id}, {"id", department->id},
                                  {"name", department->name},     {"parent", department->parent},
                                  {"head", department->head},     {"hrbp", department->hrbp}};
    size_t own = sizeof(facts) / sizeof(facts[0]);
    struct field *items = arena_alloc_array(asked->arena, own + department->attributes.n, sizeof(*items));
    struct fields out = {items, 0};

    for (size_t i = 0; items != NULL && i < own; i++) {
        if (facts[i].value != NULL)
            items[out.n++] = facts[i];
    }
    for (size_t i = 0; items != NULL && i < department->attributes.n; i++)
        items[out.n++] = department->attributes.items[i];
    return out;
}

static const struct condition *not_among(const struct absence_case *asked)
{
    const char *id = fields_get(asked->given, "department");
    const struct department *department =
        id == NULL ? NULL : directory_department(asked->snapshot->config->directory, id);
    struct fields facts;

    if (department == NULL || asked->rule->for_each != FOR_EACH_DEPARTMENT)
        return NULL;
    facts = facts_of(asked, department);
    return conditions_failing(&asked->rule->among, &facts);
}

/* A rule that opens after another waits until the last of that one's deadlines has closed. */
static struct reason after_other(const struct absence_case *asked)
{
    struct reason reason = {.what = ABSENCE_AFTER};
    bool all_cancelled = true;

    for (size_t i = 0; i < asked->before->n; i++) {
        const struct life *life = &asked->before->items[i];

        if (reason.life == NULL || reason.life->open == NULL)
            reason.life = life;
        all_cancelled = all_cancelled && life->how != NULL && strcmp(life->how, "cancelled") == 0;
    }
    if (reason.life == NULL)
        return reason;
    reason.condition = conditions_failing(&asked->rule->open_where, &reason.life->fields);
    if (reason.life->open != NULL)
        reason.what = ABSENCE_AFTER_OPEN;
    else
        reason.what = all_cancelled ? ABSENCE_AFTER_CANCELLED : ABSENCE_AFTER_CLOSED;
    return reason;
}

static struct reason without_opening(const struct absence_case *asked)
{
    struct reason reason = {.event = nearest(asked)};

    if (asked->served && asked->before != NULL)
        return after_other(asked);
    if (!asked->served)
        reason.what = ABSENCE_NEVER_SERVED;
    else if (asked->rule->open_on.n == 0 && (reason.condition = not_among(asked)) != NULL)
        reason.what = ABSENCE_AMONG;
    else if (asked->rule->open_on.n == 0)
        reason.what = ABSENCE_CLOCK;
    else if (reason.event != NULL)
        reason.what = reason.event->kind == SIGHTING_BAD ? ABSENCE_BAD : ABSENCE_NEAR;
    else if (asked->sightings.n > 0)
        reason.what = ABSENCE_NO_OPENING;
    else
        reason.what = asked->dead_event != NULL ? ABSENCE_DEAD : ABSENCE_NO_EVENT;
    return reason;
}

static struct reason decide(const struct absence_case *asked)
{
    const struct life *life = chosen_life(asked->lives);
    const struct sighting *opening = last_opening(asked);
    struct reason reason = {.what = ABSENCE_OPENED};

    if (opening != NULL)
        reason = absence_of_event(asked, opening);
    if (life == NULL)
        return opening != NULL ? reason : without_opening(asked);
    /* An opening that opened nothing after the last deadline had closed is what is asked about. */
    return life->open == NULL && reason.what != ABSENCE_OPENED ? reason : of_life(asked, life);
}

/* -- loading -- */

static bool holds(const struct raw_field *field, const char *text)
{
    return memmem(field->value, field->value_n, text, strlen(text)) != NULL;
}

static int dead_on_item(void *data, struct stream_id at, const struct raw_field *fields, size_t n)
{
    struct absence_case *asked = data;
    struct fields members;

    (void)at;
    for (size_t i = 0; i < n; i++) {
        bool is_it = holds(&fields[i], "\"what\":\"event\"");

        for (size_t k = 0; is_it && k < asked->given->n; k++)
            is_it = holds(&fields[i], asked->given->items[k].value);
        if (!is_it || !history_fields(asked->arena, fields[i].value, fields[i].value_n, &members))
            continue;
        asked->dead_event = fields_get(&members, "event");
        asked->dead_why = fields_get(&members, "why");
        return -ECANCELED;
    }
    return 0;
}

static enum cli_status load_dead(struct absence_case *asked)
{
    int status = query_range(asked->snapshot->shard->query, QUERY_DEAD, "-", "+", DEAD_SEARCHED_MAX, true,
                             dead_on_item, asked);

    return status == 0 || status == -ENOENT || status == -ECANCELED
               ? CLI_OK
               : setup_query_failed(asked->snapshot->cli, asked->snapshot->shard);
}

static enum cli_status load_open(struct absence_case *asked)
{
    const struct life *life = chosen_life(asked->lives);

    if (life == NULL || life->open == NULL)
        return CLI_OK;
    asked->open = calloc(1, sizeof(*asked->open));
    if (asked->open == NULL)
        return cli_fail(asked->snapshot->cli, "out of memory", "内存不足");
    return explain_case_load(asked->snapshot, life->id, asked->open);
}

static enum cli_status load_head(struct absence_case *asked)
{
    int status = query_head(asked->snapshot->shard->query, &asked->head);

    asked->served = status == 0;
    return status == 0 || status == -ENOENT
               ? CLI_OK
               : setup_query_failed(asked->snapshot->cli, asked->snapshot->shard);
}

/* The same case under the rule that must come first. */
static enum cli_status load_before(struct absence_case *asked)
{
    const struct lives_wanted wanted = {
        .rule = asked->rule->after, .given = asked->given, .sightings = &asked->sightings};

    if (asked->rule->after == NULL)
        return CLI_OK;
    asked->before = arena_alloc(asked->arena, sizeof(*asked->before));
    if (asked->before == NULL)
        return cli_fail(asked->snapshot->cli, "out of memory", "内存不足");
    return lives_load(asked->snapshot, &wanted, asked->arena, asked->before);
}

/* Which event had the id first. */
static enum cli_status load_same_id(struct absence_case *asked)
{
    struct field *id = arena_alloc(asked->arena, sizeof(*id)); /* what is found points to it */
    const struct fields given = {id, 1};
    const struct sightings_wanted wanted = {&given, NULL};

    if (id == NULL)
        return cli_fail(asked->snapshot->cli, "out of memory", "内存不足");
    if (asked->verdict.what != ABSENCE_SEEN || *asked->verdict.event->event.id == '\0')
        return CLI_OK;
    *id = (struct field){"id", asked->verdict.event->event.id};
    return sightings_search(asked->snapshot, &wanted, asked->arena, &asked->same_id);
}

enum cli_status absence_load(struct snapshot *snapshot, const struct rule *rule, const struct fields *given,
                             struct absence_case *out)
{
    const struct sightings_wanted events = {given, rule};
    struct lives_wanted lives = {.rule = rule->name, .given = given};
    enum cli_status status;

    *out = (struct absence_case){.snapshot = snapshot, .arena = arena_create(), .rule = rule, .given = given};
    out->lives = out->arena == NULL ? NULL : arena_alloc(out->arena, sizeof(*out->lives));
    if (out->lives == NULL)
        return cli_fail(snapshot->cli, "out of memory", "内存不足");
    status = load_head(out);
    if (status == CLI_OK)
        status = sightings_search(snapshot, &events, out->arena, &out->sightings);
    lives.sightings = &out->sightings;
    if (status == CLI_OK)
        status = lives_load(snapshot, &lives, out->arena, out->lives);
    if (status == CLI_OK)
        status = load_before(out);
    if (status == CLI_OK && out->sightings.n == 0)
        status = load_dead(out);
    if (status == CLI_OK)
        status = load_open(out);
    if (status == CLI_OK)
        out->verdict = decide(out);
    return status == CLI_OK ? load_same_id(out) : status;
}

void absence_finish(struct absence_case *asked)
{
    if (asked->open != NULL)
        explain_case_finish(asked->open);
    free(asked->open);
    arena_destroy(asked->arena);
    *asked = (struct absence_case){0};
}

bool absence_found(const struct absence_case *asked)
{
    return asked->sightings.n > 0 || asked->lives->n > 0 || asked->dead_event != NULL ||
           (asked->before != NULL && asked->before->n > 0);
}

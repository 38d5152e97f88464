#include "cli/lives.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct walk {
    struct snapshot *snapshot;
    const struct lives_wanted *wanted;
    struct arena *arena, *scratch; /* `scratch`: of one record */
    struct lives *out;
};

bool life_is_closing(const char *what)
{
    static const char *const closings[] = {"met", "met_late", "cancelled", "waived"};

    for (size_t i = 0; i < sizeof(closings) / sizeof(closings[0]); i++) {
        if (strcmp(what, closings[i]) == 0)
            return true;
    }
    return false;
}

const struct history_record *life_last(const struct life *life, const char *what)
{
    for (size_t i = life->n_records; i > 0; i--) {
        if (strcmp(life->records[i - 1].what, what) == 0)
            return &life->records[i - 1];
    }
    return NULL;
}

size_t life_count(const struct life *life, const char *what)
{
    size_t n = 0;

    for (size_t i = 0; i < life->n_records; i++)
        n += strcmp(life->records[i].what, what) == 0;
    return n;
}

static bool is_text(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

const struct history_record *lives_loose(const struct lives *lives, const char *what, const char *rule,
                                         const char *event)
{
    for (size_t i = 0; i < lives->n_loose; i++) {
        const struct history_record *record = &lives->loose[i];
        const char *of = fields_get(&record->fields, "r");

        if ((what == NULL || strcmp(record->what, what) == 0) && (of == NULL || is_text(of, rule)) &&
            is_text(fields_get(&record->fields, "event"), event))
            return record;
    }
    return NULL;
}

struct path_context life_context(const struct life *life, const struct directory *directory, int32_t day)
{
    return (struct path_context){.directory = directory,
                                 .fields = &life->fields,
                                 .owner = life->open != NULL ? life->open->owner : life->owner,
                                 .department = life->department,
                                 .requester = life->rule == NULL ? NULL : &life->rule->requester,
                                 .day = day};
}

const struct calendar *life_calendar(const struct life *life, const struct config *config)
{
    const struct deadline like = {
        .rule = life->rule, .owner = (char *)life->owner, .department = (char *)life->department};

    if (life->rule == NULL)
        return ruleset_policy(config->rules)->calendar;
    return snapshot_calendar(config, life->open != NULL ? life->open : &like);
}

/* -- which deadlines -- */

/* The parts of rule|value|value, unescaped; at most `max`. */
static size_t split_identity(struct arena *arena, const char *identity, const char **parts, size_t max)
{
    char *copy = arena_strdup(arena, identity), *to = copy;
    size_t n = 0;

    if (copy == NULL || max == 0)
        return 0;
    parts[n++] = copy;
    for (const char *from = identity; *from != '\0'; from++) {
        if (*from == '|') {
            *to++ = '\0';
            if (n == max)
                return n;
            parts[n++] = to;
        } else {
            from += *from == '\\' && from[1] != '\0';
            *to++ = *from;
        }
    }
    *to = '\0';
    return n;
}

/* The key of a closed deadline as fields: its values stand in the identity in the order of the rule's key. */
static struct fields key_fields(struct arena *arena, const struct rule *rule, const char *identity)
{
    const char *parts[RULE_KEYS_MAX + 1];
    struct field *fields = arena_alloc_array(arena, RULE_KEYS_MAX, sizeof(*fields));
    struct fields out = {fields, 0};
    size_t n = fields == NULL || rule == NULL || identity == NULL
                   ? 0
                   : split_identity(arena, identity, parts, RULE_KEYS_MAX + 1);

    for (size_t i = 0; i < n && i + 1 < n && i < rule->key.n; i++)
        fields[out.n++] = (struct field){rule->key.fields[i].name, parts[i + 1]};
    return out;
}

static bool has_values(const struct fields *fields, const struct fields *given, const char *period)
{
    if (given == NULL)
        return false;
    for (size_t i = 0; i < given->n; i++) {
        const char *name = given->items[i].name, *value = fields_get(fields, name);

        if (value == NULL && strcmp(name, "period") == 0)
            value = period;
        if (!is_text(value, given->items[i].value))
            return false;
    }
    return true;
}

static bool is_wanted(const struct lives_wanted *wanted, const char *id)
{
    for (size_t i = 0; i < wanted->n_ids; i++) {
        if (strcmp(wanted->ids[i], id) == 0)
            return true;
    }
    return false;
}

static struct life *find_life(struct lives *lives, const char *id)
{
    for (size_t i = 0; i < lives->n; i++) {
        if (strcmp(lives->items[i].id, id) == 0)
            return &lives->items[i];
    }
    return NULL;
}

static struct life *add_life(struct lives *lives, const char *id)
{
    if (lives->n == LIVES_MAX) {
        lives->cut = true;
        return NULL;
    }
    lives->items[lives->n] = (struct life){.id = id,
                                           .owner = "",
                                           .department = "",
                                           .about = "",
                                           .opened = INSTANT_NONE,
                                           .due = INSTANT_NONE,
                                           .closed = INSTANT_NONE};
    return &lives->items[lives->n++];
}

static const char *describe(struct arena *arena, const struct rule *rule, const struct fields *fields)
{
    struct buffer text;
    const char *about;

    buffer_init(&text);
    if (rule != NULL)
        snapshot_about(rule, fields, &text);
    about = arena_strdup(arena, buffer_text(&text));
    buffer_finish(&text);
    return about == NULL ? "" : about;
}

/* -- the open ones -- */

static void add_open(struct walk *walk, const struct deadline *deadline)
{
    struct life *life = add_life(walk->out, deadline->id);
    char event[STREAM_ID_TEXT_MAX];

    if (life == NULL)
        return;
    life->open = deadline;
    life->rule = deadline->rule;
    life->rule_name = deadline->rule->name;
    life->owner = deadline->owner;
    life->department = deadline->department;
    life->opened = deadline->opened;
    life->due = deadline->due;
    life->fields = deadline->fields;
    life->about = describe(walk->arena, deadline->rule, &deadline->fields);
    if (deadline->event.ms > 0)
        life->event = arena_strdup(walk->arena, stream_id_format(deadline->event, event));
}

static void add_all_open(struct walk *walk)
{
    for (size_t i = 0; i < walk->snapshot->n_deadlines; i++) {
        const struct deadline *deadline = walk->snapshot->deadlines[i];
        bool is_rule = walk->wanted->rule == NULL || strcmp(deadline->rule->name, walk->wanted->rule) == 0;

        if (is_wanted(walk->wanted, deadline->id) ||
            (is_rule && has_values(&deadline->fields, walk->wanted->given, NULL)))
            add_open(walk, deadline);
    }
}

/* -- the journal -- */

/* Of an opening that no open deadline goes back to. */
static struct life *open_life(struct walk *walk, const struct history_record *record)
{
    const char *rule_name = fields_get(&record->fields, "r"), *version = fields_get(&record->fields, "v");
    const char *event = fields_get(&record->fields, "event"), *id = fields_get(&record->fields, "d");
    const char *identity = fields_get(&record->fields, "k");
    const struct sighting *sighting = sightings_find(walk->wanted->sightings, event);
    const struct rule *rule = version == NULL ? NULL : snapshot_rule(walk->snapshot, version);
    struct fields key;
    struct life *life;

    if (rule_name == NULL || (walk->wanted->rule != NULL && strcmp(rule_name, walk->wanted->rule) != 0))
        return NULL;
    if (rule == NULL) /* its text goes when nothing open needs it */
        rule = ruleset_find(walk->snapshot->config->rules, rule_name);
    arena_reset(walk->scratch);
    key = key_fields(walk->scratch, rule, identity);
    if (!is_wanted(walk->wanted, id) && (sighting == NULL || sighting->kind != SIGHTING_WHOLE) &&
        !has_values(&key, walk->wanted->given, fields_get(&record->fields, "period")))
        return NULL;
    life = add_life(walk->out, arena_strdup(walk->arena, id));
    if (life == NULL)
        return NULL;
    life->rule = rule;
    life->rule_name = arena_strdup(walk->arena, rule_name);
    life->event = event == NULL ? NULL : arena_strdup(walk->arena, event);
    life->opened = history_int(record, "start", INSTANT_NONE);
    life->fields = key_fields(walk->arena, rule, identity);
    return life;
}

static bool room_for(struct arena *arena, struct life *life)
{
    struct history_record *grown;

    if (life->n_records == LIFE_RECORDS_MAX)
        return false;
    /* Room grows in powers of two: it is full whenever n is one. */
    if ((life->n_records & (life->n_records - 1)) != 0)
        return true;
    grown = arena_alloc_array(arena, life->n_records == 0 ? 1 : life->n_records * 2, sizeof(*grown));
    if (grown == NULL)
        return false;
    if (life->n_records > 0)
        memcpy(grown, life->records, life->n_records * sizeof(*grown));
    life->records = grown;
    return true;
}

static void note(struct life *life, const struct history_record *record)
{
    const char *owner = fields_get(&record->fields, "owner"),
               *department = fields_get(&record->fields, "dept");

    if (strcmp(record->what, "opened") == 0 && owner != NULL) {
        life->owner = owner;
        life->department = department == NULL ? "" : department;
    }
    if (life->open == NULL && strcmp(record->what, "overdue") != 0)
        life->due = history_int(record, "due", life->due);
    if (!life_is_closing(record->what))
        return;
    life->how = record->what;
    life->by = fields_get(&record->fields, "by");
    life->closed = history_int(record, "at", record->now);
}

static int keep_loose(struct walk *walk, const struct history_record *record)
{
    struct lives *out = walk->out;

    if (out->n_loose == LIVES_LOOSE_MAX ||
        sightings_find(walk->wanted->sightings, fields_get(&record->fields, "event")) == NULL)
        return 0;
    return history_copy(walk->arena, record, &out->loose[out->n_loose++]) ? 0 : -ENOMEM;
}

static int walk_on_record(void *data, const struct history_record *record)
{
    struct walk *walk = data;
    const char *id = fields_get(&record->fields, "d");
    struct life *life = id == NULL ? NULL : find_life(walk->out, id);

    if (walk->out->journal_since == INSTANT_NONE)
        walk->out->journal_since = record->now;
    if (life == NULL && id != NULL && strcmp(record->what, "opened") == 0)
        life = open_life(walk, record);
    if (life == NULL)
        return keep_loose(walk, record);
    if (!room_for(walk->arena, life))
        return life->n_records == LIFE_RECORDS_MAX ? 0 : -ENOMEM;
    if (!history_copy(walk->arena, record, &life->records[life->n_records]))
        return -ENOMEM;
    note(life, &life->records[life->n_records++]);
    return 0;
}

/* -- base:closed -- */

static void read_closing(struct walk *walk, const struct rule *rule, const struct fields *key,
                         const struct fields *facts)
{
    const struct history_record as_record = {.fields = *facts};
    const char *id = fields_get(facts, "id"), *owner = fields_get(facts, "owner");
    const char *department = fields_get(facts, "dept");
    struct life *life = id == NULL || find_life(walk->out, id) != NULL ? NULL : add_life(walk->out, id);

    if (life == NULL)
        return;
    life->rule = rule;
    life->rule_name = rule->name;
    life->owner = owner == NULL ? "" : owner;
    life->department = department == NULL ? "" : department;
    life->opened = history_int(&as_record, "opened", INSTANT_NONE);
    life->due = history_int(&as_record, "due", INSTANT_NONE);
    life->closed = history_int(&as_record, "at", INSTANT_NONE);
    life->how = fields_get(facts, "how");
    life->by = fields_get(facts, "by");
    life->fields = *key;
}

static int walk_on_closed(void *data, const char *identity, const char *value, size_t n)
{
    struct walk *walk = data;
    const struct ruleset *rules = walk->snapshot->config->rules;
    const char *parts[1];
    const struct rule *rule;
    struct fields key, facts;

    arena_reset(walk->scratch);
    if (split_identity(walk->scratch, identity, parts, 1) == 0)
        return -ENOMEM;
    rule = ruleset_find(rules, parts[0]);
    if (rule == NULL || (walk->wanted->rule != NULL && strcmp(rule->name, walk->wanted->rule) != 0))
        return 0;
    key = key_fields(walk->scratch, rule, identity);
    if (!has_values(&key, walk->wanted->given, NULL) || !history_fields(walk->arena, value, n, &facts))
        return 0;
    key = key_fields(walk->arena, rule, identity);
    read_closing(walk, rule, &key, &facts);
    return 0;
}

/* -- all -- */

/* What the closed ones were about: the journal has their key alone, the stream may still have more. */
static void describe_closed(struct walk *walk)
{
    for (size_t i = 0; i < walk->out->n; i++) {
        struct life *life = &walk->out->items[i];
        struct event event;

        if (life->open != NULL)
            continue;
        if (sightings_event(walk->snapshot, life->event, walk->arena, &event))
            life->fields = event.fields;
        life->about = describe(walk->arena, life->rule, &life->fields);
    }
}

static int by_opening(const void *a, const void *b)
{
    const struct life *left = a, *right = b;

    if (left->opened != right->opened)
        return left->opened < right->opened ? -1 : 1;
    return strcmp(left->id, right->id);
}

enum cli_status lives_load(struct snapshot *snapshot, const struct lives_wanted *wanted, struct arena *arena,
                           struct lives *out)
{
    const struct stream_id begin = {0, 0};
    struct walk walk = {snapshot, wanted, arena, arena_create(), out};
    int status;

    *out = (struct lives){.journal_since = INSTANT_NONE};
    out->loose = arena_alloc_array(arena, LIVES_LOOSE_MAX, sizeof(*out->loose));
    status = out->loose == NULL || walk.scratch == NULL ? -ENOMEM : 0;
    if (status == 0)
        add_all_open(&walk);
    if (status == 0)
        status = history_read(snapshot->shard->query, begin, NULL, walk_on_record, &walk);
    if (status == 0 || status == -ENOENT)
        status = query_each(snapshot->shard->query, TABLE_CLOSED, walk_on_closed, &walk);
    arena_destroy(walk.scratch);
    if (status == -ENOMEM)
        return cli_fail(snapshot->cli, "out of memory", "内存不足");
    if (status != 0 && status != -ENOENT)
        return setup_query_failed(snapshot->cli, snapshot->shard);
    describe_closed(&walk);
    qsort(out->items, out->n, sizeof(out->items[0]), by_opening);
    return CLI_OK;
}

#include "cli/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/snapshot.h"

static const char *copy(struct plan *plan, const char *text)
{
    const char *copied = arena_strdup(plan->arena, text == NULL ? "" : text);

    plan->failed = plan->failed || copied == NULL;
    return copied == NULL ? "" : copied;
}

static int64_t number(const struct fields *record, const char *name, int64_t otherwise)
{
    const char *text = fields_get(record, name);

    return text == NULL ? otherwise : strtoll(text, NULL, 10);
}

static struct plan_row *find_row(const struct plan *plan, const char *id)
{
    struct plan_row *row;
    size_t cursor = 0;

    while ((row = index_find(&plan->by_id, hash_text(0, id), &cursor)) != NULL) {
        if (strcmp(row->id, id) == 0)
            return row;
    }
    return NULL;
}

static struct plan_row *add_row(struct plan *plan, const char *id)
{
    struct plan_row *row = arena_alloc(plan->arena, sizeof(*row));

    if (plan->n == plan->room) {
        size_t room = plan->room == 0 ? 64 : plan->room * 2;
        struct plan_row **rows = reallocarray(plan->rows, room, sizeof(*rows));

        if (rows != NULL) {
            plan->rows = rows;
            plan->room = room;
        }
    }
    if (row == NULL || plan->n == plan->room || !index_add(&plan->by_id, hash_text(0, id), row)) {
        plan->failed = true;
        return NULL;
    }
    *row = (struct plan_row){.id = copy(plan, id), .was = INSTANT_NONE, .due = INSTANT_NONE};
    plan->rows[plan->n++] = row;
    return row;
}

/* -- the journal of the reload that is played -- */

static void note_change(struct plan *plan, const struct fields *record)
{
    const char *id = fields_get(record, "d");
    struct plan_row *row = id == NULL ? NULL : add_row(plan, id);

    if (row == NULL)
        return;
    row->rule = copy(plan, fields_get(record, "r"));
    row->what = copy(plan, fields_get(record, "e"));
    row->why = copy(plan, fields_get(record, "why"));
    row->due = number(record, "due", INSTANT_NONE);
    row->was = number(record, "was", row->due);
    row->n_withdrawn =
        plan->withdrawn.id != NULL && strcmp(plan->withdrawn.id, row->id) == 0 ? plan->withdrawn.n : 0;
}

static void note_withdrawn(struct plan *plan, const struct fields *record)
{
    const char *id = fields_get(record, "d");

    if (id == NULL)
        return;
    if (plan->withdrawn.id == NULL || strcmp(plan->withdrawn.id, id) != 0) {
        plan->withdrawn.id = copy(plan, id);
        plan->withdrawn.n = 0;
    }
    plan->withdrawn.n++;
}

static void note_message(struct plan *plan, const struct fields *record)
{
    const char *id = fields_get(record, "d"), *to = fields_get(record, "to");
    struct plan_row *row = id == NULL ? NULL : find_row(plan, id);

    if (row == NULL)
        return;
    plan->n_messages++;
    if (row->n_told++ < PLAN_TOLD_MAX)
        row->told[row->n_told - 1] = (struct plan_told){
            copy(plan, to != NULL && *to != '\0' ? to : fields_get(record, "via")),
            copy(plan, fields_get(record, "phase")), number(record, "not_before", plan->now)};
}

/* The row of the record's notification: the latest, or a new one. */
static struct plan_wait *find_wait(struct plan *plan, const struct fields *record)
{
    const char *id = fields_get(record, "n"), *to = fields_get(record, "to");

    if (id == NULL)
        return NULL;
    if (plan->n_waits > 0 && strcmp(plan->waits[plan->n_waits - 1].id, id) == 0)
        return &plan->waits[plan->n_waits - 1];
    if (plan->n_waits == plan->waits_room) {
        size_t room = plan->waits_room == 0 ? 64 : plan->waits_room * 2;
        struct plan_wait *waits = reallocarray(plan->waits, room, sizeof(*waits));

        if (waits == NULL) {
            plan->failed = true;
            return NULL;
        }
        plan->waits = waits;
        plan->waits_room = room;
    }
    plan->waits[plan->n_waits] = (struct plan_wait){
        .id = copy(plan, id),
        .to = copy(plan, to != NULL && *to != '\0' ? to : fields_get(record, "via")),
        .phase = copy(plan, fields_get(record, "phase")),
        .was = INSTANT_NONE,
        .at = INSTANT_NONE,
    };
    return &plan->waits[plan->n_waits++];
}

static void note_moved(struct plan *plan, const struct fields *record)
{
    struct plan_wait *wait = find_wait(plan, record);

    if (wait == NULL)
        return;
    wait->was = number(record, "was", INSTANT_NONE);
    wait->at = number(record, "not_before", INSTANT_NONE);
}

static void note_rerouted(struct plan *plan, const struct fields *record)
{
    struct plan_wait *wait = find_wait(plan, record);

    if (wait == NULL)
        return;
    wait->was_via = copy(plan, fields_get(record, "was"));
    wait->via = copy(plan, fields_get(record, "via"));
}

static bool is_change(const char *what)
{
    return strcmp(what, "recomputed") == 0 || strcmp(what, "kept") == 0 || strcmp(what, "recounted") == 0;
}

static void plan_on_record(void *data, const struct fields *record)
{
    struct plan *plan = data;
    const char *what = fields_get(record, "e");

    if (what != NULL && is_change(what))
        note_change(plan, record);
    else if (what != NULL && strcmp(what, "withdrawn") == 0)
        note_withdrawn(plan, record);
    else if (what != NULL && strcmp(what, "queued") == 0)
        note_message(plan, record);
    else if (what != NULL && strcmp(what, "moved") == 0)
        note_moved(plan, record);
    else if (what != NULL && strcmp(what, "rerouted") == 0)
        note_rerouted(plan, record);
}

static void plan_on_records(void *data, instant now, const char *records)
{
    struct plan *plan = data;

    plan->now = now;
    if (!rehearsal_read_records(records, plan->records, plan_on_record, plan))
        plan->failed = true;
    arena_reset(plan->records);
}

/* -- playing -- */

static int by_due(const void *a, const void *b)
{
    const struct plan_row *left = *(const struct plan_row *const *)a;
    const struct plan_row *right = *(const struct plan_row *const *)b;

    if (left->due != right->due)
        return left->due < right->due ? -1 : 1;
    return strcmp(left->id, right->id);
}

static void describe(struct plan *plan, const struct engine *engine)
{
    for (size_t i = 0; i < plan->n; i++) {
        struct plan_row *row = plan->rows[i];
        const struct deadline *deadline = engine_deadline(engine, row->id);
        struct buffer about;

        row->owner = copy(plan, deadline == NULL ? "" : deadline->owner);
        buffer_init(&about);
        if (deadline != NULL)
            snapshot_about(deadline->rule, &deadline->fields, &about);
        row->about = copy(plan, buffer_text(&about));
        buffer_finish(&about);
    }
}

/* The names live as long as the rehearsal does: copied. */
static void find_vanishing(struct plan *plan, const struct engine *engine, const struct ruleset *rules)
{
    size_t max = sizeof(plan->vanishing) / sizeof(plan->vanishing[0]);

    plan->n_vanishing = engine_vanishing(engine, rules, plan->vanishing, max);
    for (size_t i = 0; i < plan->n_vanishing && i < max; i++)
        plan->vanishing[i].rule = copy(plan, plan->vanishing[i].rule);
}

static int play(struct plan *plan, const struct config *config, struct live *live)
{
    const struct engine *engine = rehearsal_engine(live->rehearsal);
    int error;

    plan->open = engine_entries(engine, TABLE_DEADLINES);
    find_vanishing(plan, engine, config->rules);
    error = rehearsal_begin(live->rehearsal, live->now);
    if (error == 0)
        error = rehearsal_until(live->rehearsal, live->now);
    describe(plan, engine);
    if (plan->n > 0)
        qsort(plan->rows, plan->n, sizeof(*plan->rows), by_due);
    return error == 0 && plan->failed ? -ENOMEM : error;
}

enum cli_status plan_make(struct cli *cli, const struct config *config, const struct shard_view *shard,
                          struct plan *out)
{
    const struct rehearsal_hooks hooks = {.data = out, .on_records = plan_on_records};
    enum cli_status status;
    struct live live;
    int error;

    *out = (struct plan){.arena = arena_create(), .records = arena_create(), .stream = shard->stream};
    index_init(&out->by_id);
    if (out->arena == NULL || out->records == NULL)
        return cli_fail(cli, "out of memory", "内存不足");
    status = live_load(cli, config, shard, &hooks, &live);
    if (status != CLI_OK)
        return status;
    memcpy(out->running, live.rules, sizeof(out->running));
    error = play(out, config, &live);
    live_finish(&live);
    return error == 0 ? CLI_OK : cli_fail(cli, "%s", "%s", cli_error_text(cli, -error));
}

void plan_finish(struct plan *plan)
{
    free(plan->rows);
    free(plan->waits);
    index_finish(&plan->by_id);
    arena_destroy(plan->records);
    arena_destroy(plan->arena);
    *plan = (struct plan){.arena = NULL};
}

#include "rehearsal/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/bucket.h"

enum { CROWD = 3 }; /* steps that arrive at one instant */

/* -- all messages of one side -- */

struct arrival {
    const struct ledger *ledger;
    const struct ledger_message *message;
};

struct arrivals {
    struct arrival *items;
    size_t n;
};

static const struct ledger *own_ledger(const struct tally_request *request, enum tally_side side)
{
    return side == TALLY_THEN ? request->comparison->then : request->comparison->now;
}

size_t tally_messages(const struct tally_request *request, enum tally_side side)
{
    const struct ledger_message *unused;

    return ledger_messages(request->same, &unused) + ledger_messages(own_ledger(request, side), &unused);
}

size_t tally_deadlines(const struct tally_request *request, enum tally_side side)
{
    const struct ledger_deadline *unused;

    return ledger_deadlines(request->same, &unused) + ledger_deadlines(own_ledger(request, side), &unused);
}

static void add_arrivals(struct arrivals *arrivals, const struct ledger *ledger)
{
    const struct ledger_message *messages;
    size_t n = ledger_messages(ledger, &messages);

    for (size_t i = 0; i < n; i++)
        arrivals->items[arrivals->n++] = (struct arrival){ledger, &messages[i]};
}

typedef int compare_arrivals(const void *a, const void *b);

static int arrivals_of(const struct tally_request *request, enum tally_side side, compare_arrivals *order,
                       struct arrivals *out)
{
    out->n = 0;
    out->items = calloc(tally_messages(request, side) + 1, sizeof(*out->items));
    if (out->items == NULL)
        return -ENOMEM;
    add_arrivals(out, request->same);
    add_arrivals(out, own_ledger(request, side));
    qsort(out->items, out->n, sizeof(*out->items), order);
    return 0;
}

static int compare_instants(const struct ledger_message *a, const struct ledger_message *b)
{
    return a->at < b->at ? -1 : a->at > b->at;
}

static const struct ledger_message *message_of(const void *arrival)
{
    return ((const struct arrival *)arrival)->message;
}

/* -- recipients -- */

static int by_recipient(const void *a, const void *b)
{
    const struct ledger_message *left = message_of(a), *right = message_of(b);

    if (left->to != right->to)
        return left->to < right->to ? -1 : 1;
    return compare_instants(left, right);
}

static int32_t day_of(const struct zone *zone, instant at)
{
    int64_t local = zone_local(zone, at);

    return (int32_t)((local - (local % DAY_MS + DAY_MS) % DAY_MS) / DAY_MS);
}

/* Whether messages of so many different steps stand here, all of one instant. */
static bool is_crowd(const struct arrival *arrivals, size_t n)
{
    const struct step *steps[CROWD];
    size_t found = 0;

    for (size_t i = 0; i < n && found < CROWD; i++) {
        const struct step *step = ledger_step(arrivals[i].ledger, arrivals[i].message);
        bool known = false;

        for (size_t k = 0; k < found; k++)
            known = known || steps[k] == step;
        if (!known)
            steps[found++] = step;
    }
    return found == CROWD;
}

/* How many from the front have the same instant. */
static size_t same_instant(const struct arrival *arrivals, size_t n)
{
    size_t same = 1;

    while (same < n && arrivals[same].message->at == arrivals[0].message->at)
        same++;
    return same;
}

/* All messages of one person, in the order of time. */
static void count_recipient(const struct zone *zone, const struct arrival *arrivals, size_t n,
                            struct tally_recipient_side *out)
{
    int32_t day = 0;
    size_t of_day = 0;

    out->messages = n;
    for (size_t i = 0; i < n; i++) {
        int32_t today = day_of(zone, arrivals[i].message->at);

        of_day = i > 0 && today == day ? of_day + 1 : 1;
        day = today;
        if (of_day > out->most) {
            out->most = of_day;
            out->most_day = day;
        }
    }
    for (size_t i = 0, same; i < n; i += same) {
        same = same_instant(arrivals + i, n - i);
        out->crowded += is_crowd(arrivals + i, same);
    }
}

static int count_recipients(const struct tally_request *request, enum tally_side side,
                            struct tally_recipient *rows)
{
    struct arrivals all;
    int error = arrivals_of(request, side, by_recipient, &all);

    for (size_t i = 0, n; error == 0 && i < all.n; i += n) {
        uint32_t to = all.items[i].message->to;

        for (n = 1; i + n < all.n && all.items[i + n].message->to == to; n++)
            continue;
        count_recipient(request->zone, all.items + i, n, &rows[to].sides[side]);
    }
    free(all.items);
    return error;
}

int tally_recipients(const struct tally_request *request, struct tally_recipient **out, size_t *n)
{
    size_t room = names_count(ledger_names(request->same));
    struct tally_recipient *rows = calloc(room + 1, sizeof(*rows));
    int error = rows == NULL ? -ENOMEM : 0;

    for (int side = 0; side < TALLY_SIDES && error == 0; side++)
        error = count_recipients(request, (enum tally_side)side, rows);
    if (error != 0) {
        free(rows);
        return error;
    }
    *n = 0;
    for (size_t i = 0; i < room; i++) {
        struct tally_recipient row = rows[i];

        row.name = (uint32_t)i;
        if (row.sides[TALLY_THEN].messages > 0 || row.sides[TALLY_NOW].messages > 0)
            rows[(*n)++] = row;
    }
    *out = rows;
    return 0;
}

/* -- channels -- */

static int by_channel(const void *a, const void *b)
{
    const struct ledger_message *left = message_of(a), *right = message_of(b);

    if (left->channel != right->channel)
        return left->channel < right->channel ? -1 : 1;
    return compare_instants(left, right);
}

/* The most in any minute: from each message back to those of the 60 seconds before it. */
static void count_peak(const struct arrival *arrivals, size_t n, struct tally_channel_side *out)
{
    size_t first = 0;

    out->messages = n;
    for (size_t i = 0; i < n; i++) {
        while (arrivals[i].message->at - arrivals[first].message->at >= MINUTE_MS)
            first++;
        if (i - first + 1 > out->peak) {
            out->peak = i - first + 1;
            out->peak_at = arrivals[first].message->at;
        }
    }
}

/* As the channel's own bucket would let them pass, one after the other. */
static void count_delays(const struct arrival *arrivals, size_t n, int64_t tokens, int64_t per_ms,
                         struct tally_channel_side *out)
{
    instant clock = arrivals[0].message->at;
    struct bucket bucket;

    bucket_init(&bucket, tokens, per_ms, clock);
    for (size_t i = 0; i < n; i++) {
        instant at = arrivals[i].message->at;

        clock = at > clock ? at : clock;
        while (!bucket_take(&bucket, clock))
            clock = bucket_next(&bucket, clock);
        out->delayed += clock > at;
        out->delay_ms = clock - at > out->delay_ms ? clock - at : out->delay_ms;
    }
}

struct rating {
    tally_rate *rate;
    void *data;
};

static int count_channels(const struct tally_request *request, enum tally_side side,
                          const struct rating *rating, struct tally_channel *rows)
{
    struct arrivals all;
    int error = arrivals_of(request, side, by_channel, &all);

    for (size_t i = 0, n; error == 0 && i < all.n; i += n) {
        uint32_t channel = all.items[i].message->channel;
        struct tally_channel_side *out = &rows[channel].sides[side];
        int64_t tokens, per_ms;

        for (n = 1; i + n < all.n && all.items[i + n].message->channel == channel; n++)
            continue;
        count_peak(all.items + i, n, out);
        if (rating->rate(rating->data, names_text(ledger_names(request->same), channel), &tokens, &per_ms))
            count_delays(all.items + i, n, tokens, per_ms, out);
    }
    free(all.items);
    return error;
}

int tally_channels(const struct tally_request *request, tally_rate *rate, void *data,
                   struct tally_channel **out, size_t *n)
{
    const struct rating rating = {rate, data};
    size_t room = names_count(ledger_names(request->same));
    struct tally_channel *rows = calloc(room + 1, sizeof(*rows));
    int error = rows == NULL ? -ENOMEM : 0;

    for (int side = 0; side < TALLY_SIDES && error == 0; side++)
        error = count_channels(request, (enum tally_side)side, &rating, rows);
    if (error != 0) {
        free(rows);
        return error;
    }
    *n = 0;
    for (size_t i = 0; i < room; i++) {
        struct tally_channel row = rows[i];

        row.name = (uint32_t)i;
        if (row.sides[TALLY_THEN].messages > 0 || row.sides[TALLY_NOW].messages > 0)
            rows[(*n)++] = row;
    }
    *out = rows;
    return 0;
}

/* -- rules -- */

static int by_name(const void *a, const void *b)
{
    const struct tally_rule *left = a, *right = b;

    return strcmp(left->name, right->name);
}

struct rows {
    struct tally_rule *items;
    size_t n;
};

static struct tally_rule *row_of(const struct rows *rows, const char *name)
{
    const struct tally_rule wanted = {.name = name};

    return bsearch(&wanted, rows->items, rows->n, sizeof(*rows->items), by_name);
}

/* Rules of both sides: a name once. */
static int make_rows(const struct tally_request *request, struct rows *rows)
{
    const struct ledger *ledgers[] = {request->same, request->comparison->then, request->comparison->now};
    size_t room = 1;

    for (size_t i = 0; i < 3; i++)
        room += ruleset_rules(ledger_rules(ledgers[i]), &(const struct rule *){NULL});
    rows->items = calloc(room, sizeof(*rows->items));
    rows->n = 0;
    for (size_t i = 0; i < 3 && rows->items != NULL; i++) {
        const struct rule *rules;
        size_t n = ruleset_rules(ledger_rules(ledgers[i]), &rules);

        for (size_t k = 0; k < n; k++) {
            bool known =
                i == 2 && ruleset_find(ledger_rules(request->comparison->then), rules[k].name) != NULL;

            if (!known)
                rows->items[rows->n++] = (struct tally_rule){.name = rules[k].name, .is_same = i == 0};
        }
    }
    if (rows->items == NULL)
        return -ENOMEM;
    qsort(rows->items, rows->n, sizeof(*rows->items), by_name);
    return 0;
}

static void count_deadline(const struct ledger_deadline *deadline, struct tally_rule_side *side)
{
    bool is_open = deadline->state == LEDGER_OPEN;

    side->deadlines++;
    side->met += deadline->state == LEDGER_MET;
    side->overdue += deadline->state == LEDGER_MET_LATE || (is_open && deadline->was_overdue);
}

static void count_message(const struct ledger_message *message, struct tally_rule_side *side)
{
    side->messages++;
    side->escalations += message->phase == PHASE_ESCALATION && !message->copy;
}

/* Each rule of the ledger has its row, found once. */
static int count_ledger(const struct rows *rows, const struct ledger *ledger, enum tally_side side)
{
    const struct ledger_deadline *deadlines;
    const struct ledger_message *messages;
    const struct rule *rules;
    size_t n = ruleset_rules(ledger_rules(ledger), &rules);
    struct tally_rule_side **sides = calloc(n + 1, sizeof(*sides));

    if (sides == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        sides[i] = &row_of(rows, rules[i].name)->sides[side];
        sides[i]->exists = true;
    }
    n = ledger_deadlines(ledger, &deadlines);
    for (size_t i = 0; i < n; i++)
        count_deadline(&deadlines[i], sides[deadlines[i].rule]);
    n = ledger_messages(ledger, &messages);
    for (size_t i = 0; i < n; i++)
        count_message(&messages[i], sides[ledger_deadline(ledger, &messages[i])->rule]);
    free(sides);
    return 0;
}

static void count_dues(const struct rows *rows, const struct comparison *comparison)
{
    const struct ledger_deadline *deadlines;
    size_t n = ledger_deadlines(comparison->then, &deadlines);

    for (size_t i = 0; i < n; i++) {
        const struct ledger_deadline *now = ledger_find(comparison->now, deadlines[i].opening);
        struct tally_rule *row = row_of(rows, ledger_rule(comparison->then, &deadlines[i])->name);

        row->dues_earlier += now != NULL && now->due < deadlines[i].due;
        row->dues_later += now != NULL && now->due > deadlines[i].due;
    }
}

static void count_spared(struct tally_rule *row, const struct comparison *comparison,
                         const struct compared *compared)
{
    struct comparison_cause why;

    if (compared->difference != DIFFERENCE_DROPPED || compared->then->phase != PHASE_ESCALATION ||
        compared->then->copy)
        return;
    why = comparison_why(comparison, compared);
    if (why.cause != CAUSE_CLOSED)
        return;
    if (row->spared == 0)
        row->spared_step = why.step;
    else if (row->spared_step != NULL && strcmp(row->spared_step, why.step) != 0)
        row->spared_step = NULL;
    row->spared++;
}

static void count_differences(const struct rows *rows, const struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->n; i++) {
        const struct compared *compared = &comparison->items[i];
        struct tally_rule *row = row_of(rows, comparison_rule(comparison, compared));

        row->differences[compared->difference]++;
        count_spared(row, comparison, compared);
    }
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->items[i].is_same)
            rows->items[i].differences[DIFFERENCE_NONE] = rows->items[i].sides[TALLY_THEN].messages;
    }
}

int tally_rules(const struct tally_request *request, struct tally_rule **out, size_t *n)
{
    struct rows rows;
    int error = make_rows(request, &rows);

    for (int side = 0; side < TALLY_SIDES && error == 0; side++) {
        error = count_ledger(&rows, request->same, (enum tally_side)side);
        if (error == 0)
            error = count_ledger(&rows, own_ledger(request, (enum tally_side)side), (enum tally_side)side);
    }
    if (error != 0) {
        free(rows.items);
        return error;
    }
    count_dues(&rows, request->comparison);
    count_differences(&rows, request->comparison);
    *out = rows.items;
    *n = rows.n;
    return 0;
}

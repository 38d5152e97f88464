#include "rehearsal/comparison.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* -- pairing -- */

struct entry {
    uint64_t opening;
    const struct ledger_message *message;
    const struct ledger *ledger;
    bool paired;
};

static int by_number(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

/* Whether two messages may be one and the same on both sides. */
static int compare_groups(const struct entry *a, const struct entry *b)
{
    const struct ledger_message *left = a->message, *right = b->message;
    int order = by_number(a->opening, b->opening);

    if (order == 0)
        order = by_number(left->to, right->to);
    if (order == 0)
        order = by_number(left->phase, right->phase);
    return order == 0 ? left->copy - right->copy : order;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    int order = compare_groups(left, right);

    if (order == 0 && left->message->at != right->message->at)
        order = left->message->at < right->message->at ? -1 : 1;
    return order == 0 ? by_number(left->message->step, right->message->step) : order;
}

static struct entry *sorted(const struct ledger *ledger, size_t *n)
{
    const struct ledger_message *messages;
    struct entry *entries;

    *n = ledger_messages(ledger, &messages);
    entries = calloc(*n + 1, sizeof(*entries));
    if (entries == NULL)
        return NULL;
    for (size_t i = 0; i < *n; i++)
        entries[i] =
            (struct entry){ledger_deadline(ledger, &messages[i])->opening, &messages[i], ledger, false};
    qsort(entries, *n, sizeof(*entries), compare_entries);
    return entries;
}

static enum difference difference_of(const struct ledger_message *then, const struct ledger_message *now)
{
    if (then == NULL || now == NULL)
        return then == NULL ? DIFFERENCE_NEW : DIFFERENCE_DROPPED;
    if (now->at != then->at)
        return now->at < then->at ? DIFFERENCE_EARLIER : DIFFERENCE_LATER;
    return now->channel == then->channel ? DIFFERENCE_NONE : DIFFERENCE_CHANNEL;
}

static void add(struct comparison *comparison, struct entry *then, struct entry *now)
{
    struct compared *compared = &comparison->items[comparison->n++];

    *compared = (struct compared){.then = then == NULL ? NULL : then->message,
                                  .now = now == NULL ? NULL : now->message};
    compared->difference = difference_of(compared->then, compared->now);
    comparison->totals[compared->difference]++;
    if (then != NULL)
        then->paired = true;
    if (now != NULL)
        now->paired = true;
}

static const char *step_name(const struct entry *entry)
{
    return ledger_step(entry->ledger, entry->message)->name;
}

/* How much alike they must be: the same step and channel, the same step, or nothing more. */
enum { ROUND_SAME, ROUND_STEP, ROUND_REST, ROUNDS };

static bool is_alike(const struct entry *then, const struct entry *now, int round)
{
    if (round == ROUND_REST)
        return true;
    return strcmp(step_name(then), step_name(now)) == 0 &&
           (round == ROUND_STEP || then->message->channel == now->message->channel);
}

struct group {
    struct entry *items;
    size_t n;
};

static void pair_round(struct comparison *comparison, struct group then, struct group now, int round)
{
    for (size_t i = 0; i < then.n; i++) {
        for (size_t k = 0; k < now.n && !then.items[i].paired; k++) {
            if (!now.items[k].paired && is_alike(&then.items[i], &now.items[k], round))
                add(comparison, &then.items[i], &now.items[k]);
        }
    }
}

static void pair_group(struct comparison *comparison, struct group then, struct group now)
{
    for (int round = ROUND_SAME; round < ROUNDS; round++)
        pair_round(comparison, then, now, round);
    for (size_t i = 0; i < then.n; i++) {
        if (!then.items[i].paired)
            add(comparison, &then.items[i], NULL);
    }
    for (size_t i = 0; i < now.n; i++) {
        if (!now.items[i].paired)
            add(comparison, NULL, &now.items[i]);
    }
}

/* Takes those that belong together with `first` from the front. */
static struct group take_group(struct group *from, const struct entry *first)
{
    struct group group = {from->items, 0};

    while (group.n < from->n && compare_groups(&from->items[group.n], first) == 0)
        group.n++;
    from->items += group.n;
    from->n -= group.n;
    return group;
}

static void pair_all(struct comparison *comparison, struct group then, struct group now)
{
    while (then.n > 0 || now.n > 0) {
        bool from_then = now.n == 0 || (then.n > 0 && compare_groups(then.items, now.items) <= 0);
        const struct entry first = from_then ? then.items[0] : now.items[0];
        struct group left = take_group(&then, &first);

        pair_group(comparison, left, take_group(&now, &first));
    }
}

int comparison_create(const struct ledger *then, const struct ledger *now, struct comparison *out)
{
    struct group left, right;
    int error = -ENOMEM;

    *out = (struct comparison){.then = then, .now = now};
    left.items = sorted(then, &left.n);
    right.items = sorted(now, &right.n);
    out->items = calloc(left.n + right.n + 1, sizeof(*out->items));
    if (left.items != NULL && right.items != NULL && out->items != NULL) {
        pair_all(out, left, right);
        error = 0;
    }
    free(left.items);
    free(right.items);
    if (error != 0)
        comparison_finish(out);
    return error;
}

void comparison_finish(struct comparison *comparison)
{
    free(comparison->items);
    *comparison = (struct comparison){0};
}

/* -- why -- */

/* One message with everything that a cause is read from; rule and deadline of the other side may be missing.
 */
struct sight {
    const struct ledger *ledger, *other_ledger;
    const struct ledger_message *message;
    const struct ledger_deadline *deadline, *other_deadline;
    const struct rule *rule, *other_rule;
    const struct step *step, *other_step;
};

/* Steps of one name, else one of the same kind that tells the same people, else one of the same kind. */
static const struct step *step_like(const struct rule *rule, const struct step *step)
{
    const struct step *alike = NULL;
    bool tells_same = false;

    for (size_t i = 0; i < rule->n_steps; i++) {
        const struct step *other = &rule->steps[i];
        bool same = other->n_to > 0 && step->n_to > 0 && strcmp(other->to[0].text, step->to[0].text) == 0;

        if (strcmp(other->name, step->name) == 0)
            return other;
        if (other->anchor != step->anchor || other->before_due != step->before_due || tells_same)
            continue;
        if (alike == NULL || same)
            alike = other;
        tells_same = same;
    }
    return alike;
}

static struct sight look(const struct comparison *comparison, const struct compared *compared)
{
    bool was = compared->now == NULL;
    struct sight sight = {.ledger = was ? comparison->then : comparison->now,
                          .other_ledger = was ? comparison->now : comparison->then,
                          .message = was ? compared->then : compared->now};

    sight.deadline = ledger_deadline(sight.ledger, sight.message);
    sight.rule = ledger_rule(sight.ledger, sight.deadline);
    sight.step = ledger_step(sight.ledger, sight.message);
    sight.other_deadline = ledger_find(sight.other_ledger, sight.deadline->opening);
    sight.other_rule = ruleset_find(ledger_rules(sight.other_ledger), sight.rule->name);
    sight.other_step = sight.other_rule == NULL ? NULL : step_like(sight.other_rule, sight.step);
    return sight;
}

static struct comparison_cause at_rule(enum cause cause, const struct rule *rule)
{
    return (struct comparison_cause){.cause = cause, .file = rule->file, .line = rule->line};
}

static struct comparison_cause at_step(enum cause cause, const struct rule *rule, const struct step *step)
{
    return (struct comparison_cause){cause, rule->file, step->line, step->name};
}

/* `then` and `now` are dues of one opening, and they differ. */
static struct comparison_cause at_due(const struct rule *rule, const struct ledger_deadline *then,
                                      const struct ledger_deadline *now)
{
    return (struct comparison_cause){.cause = CAUSE_DUE,
                                     .file = rule->file,
                                     .line = now->due_case < rule->n_dues ? rule->dues[now->due_case].line
                                                                          : rule->line,
                                     .due_then = then->due,
                                     .due_now = now->due};
}

static struct comparison_cause why_dropped(const struct sight *then)
{
    const struct ledger_deadline *now = then->other_deadline;
    struct comparison_cause cause;

    if (then->other_rule == NULL)
        return at_rule(CAUSE_RULE_GONE, then->rule);
    if (now == NULL)
        return at_rule(CAUSE_NOT_OPENED, then->other_rule);
    if (then->other_step == NULL)
        return at_rule(CAUSE_NO_STEP, then->other_rule);
    if (now->state != LEDGER_OPEN && now->closed >= then->message->at) {
        cause = at_step(CAUSE_CLOSED, then->other_rule, then->other_step);
        cause.closed_at = now->closed;
        return cause;
    }
    if (now->due != then->deadline->due)
        return at_due(then->other_rule, then->deadline, now);
    return at_step(strcmp(then->other_step->name, then->step->name) == 0 ? CAUSE_RECIPIENT : CAUSE_STEP,
                   then->other_rule, then->other_step);
}

static struct comparison_cause why_new(const struct sight *now)
{
    const struct ledger_deadline *then = now->other_deadline;

    if (now->other_rule == NULL)
        return at_rule(CAUSE_RULE_NEW, now->rule);
    if (then == NULL)
        return at_rule(CAUSE_OPENED, now->rule);
    if (now->other_step != NULL && then->due != now->deadline->due)
        return at_due(now->rule, then, now->deadline);
    return at_step(now->other_step != NULL && strcmp(now->other_step->name, now->step->name) == 0
                       ? CAUSE_RECIPIENT
                       : CAUSE_STEP,
                   now->rule, now->step);
}

struct comparison_cause comparison_why(const struct comparison *comparison, const struct compared *compared)
{
    struct sight sight;

    if (compared->difference == DIFFERENCE_NONE)
        return (struct comparison_cause){.cause = CAUSE_NONE}; /* also of what is in neither ledger */
    sight = look(comparison, compared);
    switch (compared->difference) {
    case DIFFERENCE_DROPPED:
        return why_dropped(&sight);
    case DIFFERENCE_NEW:
        return why_new(&sight);
    case DIFFERENCE_EARLIER:
    case DIFFERENCE_LATER:
        if (sight.other_deadline != NULL && sight.other_deadline->due != sight.deadline->due)
            return at_due(sight.rule, sight.other_deadline, sight.deadline);
        return at_step(CAUSE_STEP, sight.rule, sight.step);
    case DIFFERENCE_CHANNEL:
        return at_step(CAUSE_CHANNEL, sight.rule, sight.step);
    case DIFFERENCE_NONE:
    case DIFFERENCES:
        break;
    }
    return (struct comparison_cause){.cause = CAUSE_NONE};
}

const char *comparison_rule(const struct comparison *comparison, const struct compared *compared)
{
    const struct ledger *ledger = compared->then == NULL ? comparison->now : comparison->then;
    const struct ledger_message *message = compared->then == NULL ? compared->now : compared->then;

    return ledger_rule(ledger, ledger_deadline(ledger, message))->name;
}

#include "deadline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *deadline_state_name(enum deadline_state state)
{
    static const char *const names[] = {"sleeping", "open", "overdue", "paused"};
    return names[state];
}

const char *closing_name(enum closing closing)
{
    static const char *const names[] = {"met", "met_late", "cancelled", "waived"};
    return names[closing];
}

static struct step_state *create_steps(const struct rule *rule)
{
    struct step_state *steps = calloc(rule->n_steps + 1, sizeof *steps);

    for (size_t i = 0; steps && i < rule->n_steps; i++) {
        steps[i].at = steps[i].fires = INSTANT_NEVER;
    }
    return steps;
}

struct deadline *deadline_create(const struct rule *rule)
{
    struct deadline *deadline = calloc(1, sizeof *deadline);

    if (!deadline) {
        return NULL;
    }
    agenda_entry_init(&deadline->agenda);
    deadline->rule = rule;
    deadline->steps = create_steps(rule);
    deadline->owner = strdup("");
    deadline->department = strdup("");
    deadline->wake = deadline->asked = deadline->due = deadline->pause_ends = INSTANT_NEVER;
    deadline->last.at = deadline->came_at = INSTANT_NONE;
    if (!deadline->steps || !deadline->owner || !deadline->department) {
        deadline_destroy(deadline);
        return NULL;
    }
    return deadline;
}

void deadline_destroy(struct deadline *deadline)
{
    if (!deadline) {
        return;
    }
    for (size_t i = 0; i < deadline->n_told; i++) {
        free(deadline->told[i].person);
    }
    for (size_t i = 0; i < deadline->n_acks; i++) {
        free(deadline->acks[i].person);
    }
    free(deadline->told);
    free(deadline->acks);
    free(deadline->pauses);
    free(deadline->steps);
    free(deadline->fields_block);
    free(deadline->owner);
    free(deadline->department);
    free(deadline);
}

static size_t find_text(const struct texts *texts, const char *text)
{
    size_t i = 0;

    while (i < texts->n && strcmp(texts->items[i], text) != 0) {
        i++;
    }
    return i;
}

/* What has come of the events that the other text wants all of. */
static uint32_t came_under(const struct deadline *deadline, const struct rule *rule)
{
    const struct selector *was = rule_all(deadline->rule), *all = rule_all(rule);
    uint32_t came = 0;

    for (size_t i = 0; was && all && i < all->on.n; i++) {
        size_t before = find_text(&was->on, all->on.items[i]);

        if (before < was->on.n && deadline_has_come(deadline, before)) {
            came |= UINT32_C(1) << i;
        }
    }
    return came;
}

bool deadline_would_be_met(const struct deadline *deadline, const struct rule *rule)
{
    const struct selector *all = rule_all(rule);
    size_t n = 0;

    for (size_t i = 0; all && i < all->on.n; i++) {
        n += came_under(deadline, rule) >> i & 1;
    }
    return all && n == all->on.n;
}

int deadline_set_rule(struct deadline *deadline, const struct rule *rule)
{
    struct step_state *steps = create_steps(rule);

    if (!steps) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < rule->n_steps; i++) {
        const struct step *before = rule_step(deadline->rule, rule->steps[i].name);
        steps[i].fired = before ? deadline->steps[before - deadline->rule->steps].fired : 0;
    }
    free(deadline->steps);
    deadline->steps = steps;
    deadline->came = came_under(deadline, rule);
    deadline->rule = rule;
    return 0;
}

int deadline_tell(struct deadline *deadline, const char *person, enum phase phase, instant at)
{
    char *copy = strdup(person);
    struct told *told = realloc(deadline->told, (deadline->n_told + 1) * sizeof *told);

    if (told) {
        deadline->told = told;
    }
    if (!copy || !told) {
        free(copy);
        return -ENOMEM;
    }
    if (deadline->n_told == DEADLINE_TOLD_MAX) {
        free(told[0].person);
        memmove(told, told + 1, --deadline->n_told * sizeof *told);
    }
    told[deadline->n_told++] = (struct told){copy, phase, at};
    return 0;
}

int deadline_ack(struct deadline *deadline, const char *person, instant until)
{
    for (size_t i = 0; i < deadline->n_acks; i++) {
        if (strcmp(deadline->acks[i].person, person) == 0) {
            deadline->acks[i].until = until;
            return 0;
        }
    }
    char *copy = strdup(person);
    struct ack *acks = realloc(deadline->acks, (deadline->n_acks + 1) * sizeof *acks);
    if (acks) {
        deadline->acks = acks;
    }
    if (!copy || !acks) {
        free(copy);
        return -ENOMEM;
    }
    if (deadline->n_acks == DEADLINE_ACKS_MAX) {
        free(acks[0].person);
        memmove(acks, acks + 1, --deadline->n_acks * sizeof *acks);
    }
    acks[deadline->n_acks++] = (struct ack){copy, until};
    return 0;
}

bool deadline_has_come(const struct deadline *deadline, size_t i)
{
    return deadline->came >> i & 1;
}

bool deadline_is_acked(const struct deadline *deadline, const char *person, instant now)
{
    for (size_t i = 0; i < deadline->n_acks; i++) {
        if (strcmp(deadline->acks[i].person, person) == 0) {
            return now < deadline->acks[i].until;
        }
    }
    return false;
}

int deadline_pause(struct deadline *deadline, instant from)
{
    if (deadline->n_pauses == DEADLINE_PAUSES_MAX) {
        return -E2BIG;
    }
    struct pause *pauses = realloc(deadline->pauses, (deadline->n_pauses + 1) * sizeof *pauses);
    if (!pauses) {
        return -ENOMEM;
    }
    deadline->pauses = pauses;
    pauses[deadline->n_pauses++] = (struct pause){from, INSTANT_NEVER};
    return 0;
}

/* What the envelope of an event says is kept elsewhere or of no further use. */
static bool is_envelope(const char *name)
{
    static const char *const names[] = {"type", "id", "time", "specversion", "datacontenttype"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (name[0] == names[i][0] && strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

struct packing {
    const struct fields *base, *over;
    size_t n, bytes;
    struct field *items;
    char *text;
};

static void pack(struct packing *packing, const struct field *field)
{
    size_t name_n = strlen(field->name) + 1;
    size_t value_n = strlen(field->value) + 1;

    if (packing->items) {
        memcpy(packing->text, field->name, name_n);
        memcpy(packing->text + name_n, field->value, value_n);
        packing->items[packing->n] = (struct field){packing->text, packing->text + name_n};
        packing->text += name_n + value_n;
    }
    packing->n++;
    packing->bytes += name_n + value_n;
}

/* Run twice: once to measure, once to copy. */
static void pack_all(struct packing *packing)
{
    packing->n = packing->bytes = 0;
    for (size_t i = 0; packing->base && i < packing->base->n; i++) {
        const struct field *field = &packing->base->items[i];

        if (!is_envelope(field->name) && !(packing->over && fields_get(packing->over, field->name))) {
            pack(packing, field);
        }
    }
    for (size_t i = 0; packing->over && i < packing->over->n; i++) {
        if (!is_envelope(packing->over->items[i].name)) {
            pack(packing, &packing->over->items[i]);
        }
    }
}

int deadline_set_fields(struct deadline *deadline, const struct fields *base, const struct fields *over)
{
    struct packing packing = {.base = base, .over = over};

    pack_all(&packing);
    size_t head = packing.n * sizeof *packing.items;
    char *block = malloc(head + packing.bytes + 1);
    if (!block) {
        return -ENOMEM;
    }
    packing.items = (struct field *)(void *)block;
    packing.text = block + head;
    pack_all(&packing);
    free(deadline->fields_block); /* may be what `base` pointed into: copied by now */
    deadline->fields_block = block;
    deadline->fields = (struct fields){packing.items, packing.n};
    return 0;
}

static void add_escaped(struct buffer *out, const char *value)
{
    while (value && *value) {
        size_t n = strcspn(value, "|\\");

        buffer_add(out, value, n);
        value += n;
        if (*value) {
            const char escaped[] = {'\\', *value++};

            buffer_add(out, escaped, sizeof escaped);
        }
    }
}

void deadline_case(const struct rule *rule, const struct fields *fields, struct buffer *out)
{
    buffer_add_text(out, rule->name);
    for (size_t i = 0; i < rule->key.n; i++) {
        buffer_add_char(out, '|');
        add_escaped(out, fields_get(fields, rule->key.fields[i].name));
    }
}

void deadline_identity(const struct rule *rule, const struct fields *fields, const char *owner,
                       struct buffer *out)
{
    deadline_case(rule, fields, out);
    if (owner) {
        buffer_add_char(out, '|');
        add_escaped(out, owner);
    }
    if (rule_recurs(rule)) {
        buffer_add_char(out, '|');
        add_escaped(out, fields_get(fields, "period"));
    }
    if (rule->is_series) {
        buffer_add_char(out, '|');
        add_escaped(out, fields_get(fields, "series"));
    }
}

const char *deadline_identity_owner(const struct deadline *deadline)
{
    return deadline->rule->n_owners > 1 || deadline->rule->each_of ? deadline->owner : NULL;
}

instant deadline_clock(const struct deadline *deadline, instant at)
{
    if (deadline->state != DEADLINE_PAUSED)
        return at;
    instant from = deadline->pauses[deadline->n_pauses - 1].from;
    return from < at ? from : at;
}

bool deadline_check(const struct deadline *deadline)
{
    bool paused_now = deadline->n_pauses > 0 && deadline->pauses[deadline->n_pauses - 1].to == INSTANT_NEVER;

    if (!deadline->rule || !deadline->owner || !deadline->department || !deadline->id[0] ||
        !rule_due_span(deadline->rule, deadline->due_case)) {
        return false;
    }
    if ((deadline->state == DEADLINE_PAUSED) != paused_now) {
        return false;
    }
    if (deadline->state == DEADLINE_SLEEPING) {
        return deadline->wake != INSTANT_NEVER;
    }
    if (deadline->state == DEADLINE_OVERDUE && !deadline->was_overdue) {
        return false;
    }
    return deadline->due != INSTANT_NEVER;
}

#include "rehearsal/ledger.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/index.h"

struct list {
    void *items;
    size_t n, room, max, bytes; /* of one item */
};

struct ledger {
    const struct ruleset *rules;
    const struct rule *first_rule;
    struct names *names;
    struct ledger_choice choice;
    struct list deadlines, messages;
    struct index by_opening; /* values: places in `deadlines`, counted from 1 */
    struct index by_id;      /* likewise, of the rehearsal at hand */
    struct buffer texts;     /* of cases, each NUL-terminated, behind one empty one */
    struct buffer identity;  /* of the deadline at hand */
    int error;
};

struct ledger *ledger_create(const struct ruleset *rules, struct names *names,
                             const struct ledger_choice *choice)
{
    struct ledger *ledger = calloc(1, sizeof(*ledger));

    if (ledger == NULL)
        return NULL;
    ledger->rules = rules;
    (void)ruleset_rules(rules, &ledger->first_rule);
    ledger->names = names;
    ledger->choice = *choice;
    ledger->deadlines = (struct list){.max = LEDGER_DEADLINES_MAX, .bytes = sizeof(struct ledger_deadline)};
    ledger->messages = (struct list){.max = LEDGER_MESSAGES_MAX, .bytes = sizeof(struct ledger_message)};
    index_init(&ledger->by_opening);
    index_init(&ledger->by_id);
    buffer_init(&ledger->texts);
    buffer_init(&ledger->identity);
    buffer_add_char(&ledger->texts, '\0');
    return ledger;
}

void ledger_destroy(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    index_finish(&ledger->by_opening);
    index_finish(&ledger->by_id);
    buffer_finish(&ledger->texts);
    buffer_finish(&ledger->identity);
    free(ledger->deadlines.items);
    free(ledger->messages.items);
    free(ledger);
}

/* -- places, counted from 1 so that none is NULL -- */

static void *place(size_t i)
{
    return (void *)(uintptr_t)(i + 1); /* NOLINT(performance-no-int-to-ptr) */
}

static struct ledger_deadline *deadline_at(const struct ledger *ledger, const void *place)
{
    return (struct ledger_deadline *)ledger->deadlines.items + ((uintptr_t)place - 1);
}

static struct ledger_deadline *find_id(const struct ledger *ledger, const char *id)
{
    size_t cursor = 0;
    const void *found;

    while ((found = index_find(&ledger->by_id, hash_text(0, id), &cursor)) != NULL) {
        if (strcmp(deadline_at(ledger, found)->id, id) == 0)
            return deadline_at(ledger, found);
    }
    return NULL;
}

const struct ledger_deadline *ledger_find(const struct ledger *ledger, uint64_t opening)
{
    size_t cursor = 0;
    const void *found = index_find(&ledger->by_opening, opening, &cursor);

    return found == NULL ? NULL : deadline_at(ledger, found);
}

/* One more item, all zero; NULL: it is full, or out of memory. */
static void *add(struct ledger *ledger, struct list *list)
{
    size_t room = list->room == 0 ? 1024 : list->room * 2;
    void *items;

    if (list->n == list->max)
        ledger->error = -E2BIG;
    if (list->n == list->room && ledger->error == 0) {
        items = reallocarray(list->items, room, list->bytes);
        list->items = items == NULL ? list->items : items;
        list->room = items == NULL ? list->room : room;
        ledger->error = items == NULL ? -ENOMEM : 0;
    }
    if (ledger->error != 0)
        return NULL;
    return memset((char *)list->items + list->n++ * list->bytes, 0, list->bytes);
}

/* -- a deadline -- */

static bool has_several(const struct rule *rule)
{
    return rule->n_owners > 1 || rule->each_of != NULL;
}

uint64_t ledger_opening(const char *identity, const char *owner, struct stream_id event)
{
    const uint64_t at[2] = {event.ms, event.seq};
    uint64_t hash = hash_text(0, identity);

    return hash_bytes(owner == NULL ? hash : hash_text(hash, owner), at, sizeof(at));
}

static uint64_t opening_of(struct ledger *ledger, const struct deadline *deadline)
{
    buffer_clear(&ledger->identity);
    deadline_identity(deadline->rule, &deadline->fields, NULL, &ledger->identity);
    if (!buffer_ok(&ledger->identity))
        ledger->error = -ENOMEM;
    return ledger_opening(buffer_text(&ledger->identity),
                          has_several(deadline->rule) ? deadline->owner : NULL, deadline->event);
}

static bool is_chosen(const struct ledger_choice *choice, const struct deadline *deadline)
{
    const struct fields *fields = &deadline->fields;

    for (size_t i = 0; choice->value != NULL && i < fields->n; i++) {
        if ((choice->field == NULL || strcmp(fields->items[i].name, choice->field) == 0) &&
            strcmp(fields->items[i].value, choice->value) == 0)
            return true;
    }
    return false;
}

static void add_given(struct buffer *out, const struct deadline *deadline, const char *name)
{
    const char *value = rule_gives_field(deadline->rule, name) ? fields_get(&deadline->fields, name) : NULL;

    if (value != NULL)
        buffer_printf(out, " %s", value);
}

static uint32_t keep_text(struct ledger *ledger, const struct deadline *deadline)
{
    const struct rule *rule = deadline->rule;
    size_t from = ledger->texts.n;

    for (size_t i = 0; i < rule->key.n; i++) {
        const char *value = fields_get(&deadline->fields, rule->key.fields[i].name);

        buffer_printf(&ledger->texts, "%s%s=%s", i == 0 ? "" : " ", rule->key.fields[i].name,
                      value == NULL ? "" : value);
    }
    if (has_several(rule))
        buffer_printf(&ledger->texts, " (%s)", deadline->owner);
    add_given(&ledger->texts, deadline, "period");
    add_given(&ledger->texts, deadline, "series");
    buffer_add_char(&ledger->texts, '\0');
    if (!buffer_ok(&ledger->texts) || from > UINT32_MAX)
        ledger->error = -ENOMEM;
    return (uint32_t)from;
}

static void on_opened(void *data, const struct deadline *deadline)
{
    struct ledger *ledger = data;
    size_t i = ledger->deadlines.n;
    struct ledger_deadline *record = add(ledger, &ledger->deadlines);

    if (record == NULL)
        return;
    *record = (struct ledger_deadline){.opening = opening_of(ledger, deadline),
                                       .due = deadline->due,
                                       .closed = INSTANT_NEVER,
                                       .rule = (uint16_t)(deadline->rule - ledger->first_rule),
                                       .due_case = (uint16_t)deadline->due_case,
                                       .is_chosen = is_chosen(&ledger->choice, deadline)};
    memcpy(record->id, deadline->id, sizeof(record->id));
    if (record->is_chosen ||
        (ledger->choice.rule != NULL && strcmp(deadline->rule->name, ledger->choice.rule) == 0))
        record->text = keep_text(ledger, deadline);
    if (!index_add(&ledger->by_opening, record->opening, place(i)) ||
        !index_add(&ledger->by_id, hash_text(0, record->id), place(i)))
        ledger->error = -ENOMEM;
}

static void update(struct ledger_deadline *record, const struct deadline *deadline)
{
    record->due = deadline->due;
    record->due_case = (uint16_t)deadline->due_case;
    record->was_overdue = deadline->was_overdue;
}

static void on_closed(void *data, const struct deadline *deadline, enum closing how, instant at)
{
    static const uint8_t states[] = {[CLOSED_MET] = LEDGER_MET,
                                     [CLOSED_MET_LATE] = LEDGER_MET_LATE,
                                     [CLOSED_CANCELLED] = LEDGER_CANCELLED,
                                     [CLOSED_WAIVED] = LEDGER_WAIVED};
    struct ledger_deadline *record = find_id(data, deadline->id);

    if (record == NULL)
        return; /* the ledger is full: its error says so */
    update(record, deadline);
    record->state = states[how];
    record->closed = at;
}

void ledger_end(struct ledger *ledger, const struct engine *engine)
{
    const struct deadline *deadline;
    size_t cursor = 0;

    while ((deadline = engine_next_deadline(engine, &cursor)) != NULL) {
        struct ledger_deadline *record = find_id(ledger, deadline->id);

        if (record != NULL)
            update(record, deadline);
    }
    index_clear(&ledger->by_id);
}

/* -- a message -- */

static uint8_t step_of(const struct rule *rule, const char *name)
{
    for (size_t i = 0; i < rule->n_steps; i++) {
        if (strcmp(rule->steps[i].name, name) == 0)
            return (uint8_t)i;
    }
    return 0;
}

static uint32_t name_of(struct ledger *ledger, const char *text)
{
    uint32_t number = names_number(ledger->names, text);

    if (number == NAMES_NONE)
        ledger->error = -ENOMEM;
    return number;
}

static uint32_t recipient_of(struct ledger *ledger, const struct notification *note)
{
    struct buffer *text = &ledger->identity;

    if (note->to[0] != '\0')
        return name_of(ledger, note->to);
    buffer_clear(text);
    buffer_printf(text, "group:%s", note->channel);
    return name_of(ledger, buffer_text(text));
}

static void on_message(void *data, instant at, const struct notification *note)
{
    struct ledger *ledger = data;
    const struct ledger_deadline *deadline = find_id(ledger, note->deadline_id);
    struct ledger_message *message = deadline == NULL ? NULL : add(ledger, &ledger->messages);

    if (message == NULL)
        return;
    message->at = at;
    message->deadline = (uint32_t)(deadline - (const struct ledger_deadline *)ledger->deadlines.items);
    message->to = recipient_of(ledger, note);
    message->on_behalf = note->on_behalf == NULL ? NAMES_NONE : name_of(ledger, note->on_behalf);
    message->channel = name_of(ledger, note->channel);
    message->step = step_of(ledger_rule(ledger, deadline), note->step);
    message->phase = (uint8_t)note->phase;
    message->copy = note->copy;
}

struct engine_watch ledger_watch(struct ledger *ledger)
{
    return (struct engine_watch){ledger, on_opened, on_closed};
}

struct rehearsal_hooks ledger_hooks(struct ledger *ledger)
{
    return (struct rehearsal_hooks){.data = ledger, .on_message = on_message};
}

/* -- reading -- */

int ledger_error(const struct ledger *ledger)
{
    return ledger->error;
}

size_t ledger_deadlines(const struct ledger *ledger, const struct ledger_deadline **out)
{
    *out = ledger->deadlines.items;
    return ledger->deadlines.n;
}

size_t ledger_messages(const struct ledger *ledger, const struct ledger_message **out)
{
    *out = ledger->messages.items;
    return ledger->messages.n;
}

const struct names *ledger_names(const struct ledger *ledger)
{
    return ledger->names;
}

const struct ruleset *ledger_rules(const struct ledger *ledger)
{
    return ledger->rules;
}

const struct ledger_deadline *ledger_deadline(const struct ledger *ledger,
                                              const struct ledger_message *message)
{
    assert(message->deadline < ledger->deadlines.n);
    return (const struct ledger_deadline *)ledger->deadlines.items + message->deadline;
}

const struct rule *ledger_rule(const struct ledger *ledger, const struct ledger_deadline *deadline)
{
    return &ledger->first_rule[deadline->rule];
}

const struct step *ledger_step(const struct ledger *ledger, const struct ledger_message *message)
{
    return &ledger_rule(ledger, ledger_deadline(ledger, message))->steps[message->step];
}

const char *ledger_case(const struct ledger *ledger, const struct ledger_deadline *deadline)
{
    return buffer_text(&ledger->texts) + deadline->text;
}

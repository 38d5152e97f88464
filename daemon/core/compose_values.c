#include "compose_values.h"

#include "lateness.h"

#include <string.h>

/* A step at due itself is sent seconds later: too little to speak of. */
#define LATE_MS_MIN MINUTE_MS

/* -- single values -- */

/* A line of the rule is rendered by itself: outside of all sections, and not within itself. */
static struct composer inner_of(const struct composer *composer)
{
    struct composer inner = *composer;
    inner.depth = 0;
    inner.in_line = true;
    return inner;
}

static void add_about(const struct composer *composer, struct buffer *out)
{
    const char *about = compose_current(composer)->deadline->rule->about;
    if (!about || !*about || composer->in_line)
        return;
    /* What is rendered here is escaped when it is put in outside. */
    struct composer inner = inner_of(composer);
    struct template_values inner_values = compose_values(&inner);
    struct template_options options = {DIALECT_PLAIN, composer->options.hide_private};
    if (template_render_line(about, &inner_values, &options, false, out))
        out->failed = true;
}

/* Scheme and host must stand in the rule itself: no event decides where a link leads. */
static bool is_own_host(const char *link)
{
    size_t scheme = strncmp(link, "https://", 8) == 0 ? 8 : strncmp(link, "http://", 7) == 0 ? 7 : 0;
    if (!scheme)
        return false;
    const char *tag = strstr(link, "{{");
    const char *path = strpbrk(link + scheme, "/?#");
    return path != link + scheme && (!tag || (path && path < tag));
}

static void add_link(const struct composer *composer, struct buffer *out)
{
    const char *link = compose_current(composer)->deadline->rule->link;
    if (!link || !is_own_host(link) || composer->in_line)
        return;
    struct composer inner = inner_of(composer);
    struct template_values inner_values = compose_values(&inner);
    struct template_options options = {DIALECT_PLAIN, false};
    if (template_render_line(link, &inner_values, &options, true, out))
        out->failed = true;
}

void compose_add_link(const struct composer *composer, struct buffer *out)
{
    add_link(composer, out);
}

static void add_summary(const struct composer *composer, struct buffer *out)
{
    const struct rule *rule = compose_current(composer)->deadline->rule;
    buffer_add_text(out, rule->summary && *rule->summary ? rule->summary : rule->name);
}

static void add_done(const struct composer *composer, struct buffer *out)
{
    const char *done = compose_current(composer)->deadline->rule->done;
    buffer_add_text(out, done ? done : "");
}

static void add_rule(const struct composer *composer, struct buffer *out)
{
    buffer_add_text(out, compose_current(composer)->deadline->rule->name);
}

static void add_number(const struct composer *composer, struct buffer *out)
{
    buffer_add_text(out, compose_current(composer)->notification->id);
}

static void add_department(const struct composer *composer, struct buffer *out)
{
    compose_add_department_name(composer, compose_current(composer)->deadline->department, out);
}

static void add_due(const struct composer *composer, struct buffer *out)
{
    compose_when_fully(out, composer->language, compose_zone(composer),
                       compose_current(composer)->deadline->due, composer->now);
}

static void add_due_short(const struct composer *composer, struct buffer *out)
{
    compose_when(out, composer->language, compose_zone(composer), compose_current(composer)->deadline->due,
                 composer->now);
}

/* A due that may still move: the calendar does not know its dates yet. */
static void add_provisional(const struct composer *composer, struct buffer *out)
{
    if (compose_current(composer)->deadline->provisional)
        buffer_add_text(out, compose_is_chinese(composer) ? "暂定" : "provisional");
}

/* The number of the closed one that was sent back. */
static void add_reopened(const struct composer *composer, struct buffer *out)
{
    buffer_add_text(out, compose_current(composer)->deadline->reopened);
}

/* Events of `meet.all` that have not come; nothing for rules without it. */
static void add_missing(const struct composer *composer, struct buffer *out)
{
    const struct deadline *deadline = compose_current(composer)->deadline;
    const struct selector *all = rule_all(deadline->rule);
    const char *comma = "";
    for (size_t i = 0; all && i < all->on.n; i++) {
        if (deadline_has_come(deadline, i))
            continue;
        buffer_printf(out, "%s%s", comma, all->on.items[i]);
        comma = compose_is_chinese(composer) ? "、" : ", ";
    }
}

static void add_opened(const struct composer *composer, struct buffer *out)
{
    compose_when(out, composer->language, compose_zone(composer), compose_current(composer)->deadline->opened,
                 composer->now);
}

static void add_late(const struct composer *composer, struct buffer *out)
{
    const struct deadline *deadline = compose_current(composer)->deadline;
    const struct calendar *calendar = compose_calendar(composer->engine, deadline);
    /* Opened by an event that came late: nobody is to blame, and no number says so. */
    if (calendar && !deadline->late_event && composer->now - deadline->due >= LATE_MS_MIN)
        lateness_add(out, compose_is_chinese(composer), calendar,
                     lateness_of(calendar, deadline->due, composer->now));
}

/* Met late, by somebody who is to blame: how late; NULL otherwise. */
static const struct calendar *find_lateness(const struct composer *composer, struct lateness *out)
{
    const struct deadline *deadline = compose_current(composer)->deadline;
    const struct calendar *calendar = compose_calendar(composer->engine, deadline);
    if (!calendar || !composer->is_closed || composer->how != CLOSED_MET_LATE || deadline->late_event)
        return NULL;
    *out = lateness_of(calendar, deadline->due, deadline_clock(deadline, composer->closed_at));
    return calendar;
}

static void add_lateness(const struct composer *composer, struct buffer *out)
{
    struct lateness lateness;
    const struct calendar *calendar = find_lateness(composer, &lateness);
    if (calendar)
        lateness_add(out, compose_is_chinese(composer), calendar, lateness);
}

static void add_closed_at(const struct composer *composer, struct buffer *out)
{
    if (composer->is_closed)
        compose_when(out, composer->language, compose_zone(composer), composer->closed_at, composer->now);
}

static void add_closed_how(const struct composer *composer, struct buffer *out)
{
    static const char *const zh[] = {"已完成", "已完成", "已取消", "已免除"};
    static const char *const en[] = {"done", "done", "cancelled", "waived"};
    if (composer->is_closed)
        buffer_add_text(out, compose_is_chinese(composer) ? zh[composer->how] : en[composer->how]);
}

static void add_count(const struct composer *composer, struct buffer *out)
{
    buffer_add_int(out, (int64_t)(composer->n_items + composer->n_beyond));
}

/* How often the owner was told before. */
static void add_prior_count(const struct composer *composer, struct buffer *out)
{
    for (size_t i = 0; i < composer->n_prior; i++)
        if (strcmp(composer->prior[i].person, compose_current(composer)->deadline->owner) == 0)
            buffer_add_int(out, composer->prior[i].times);
}

static const struct {
    const char *name;
    void (*add)(const struct composer *composer, struct buffer *out);
} values[] = {
    {"rule", add_rule},
    {"summary", add_summary},
    {"about", add_about},
    {"done", add_done},
    {"link", add_link},
    {"number", add_number},
    {"department", add_department},
    {"department.name", add_department},
    {"due", add_due},
    {"due_short", add_due_short},
    {"provisional", add_provisional},
    {"reopened", add_reopened},
    {"missing", add_missing},
    {"opened", add_opened},
    {"late", add_late},
    {"lateness", add_lateness},
    {"closed_at", add_closed_at},
    {"closed_how", add_closed_how},
    {"count", add_count},
    {"prior_count", add_prior_count},
    {"next", compose_add_next},
    {"next_when", compose_add_next_when},
    {"stands_for", compose_add_stands_for},
    {"told", compose_add_told},
    {"with", compose_add_with},
};

static bool add_prior_value(const struct composer *composer, const char *name, struct buffer *out)
{
    size_t depth = composer->depth;
    while (depth && composer->inside[depth - 1].kind != INSIDE_PRIOR)
        depth--;
    if (!depth)
        return false;
    const struct compose_prior *prior = &composer->prior[composer->inside[depth - 1].i];
    if (strcmp(name, "who") == 0)
        compose_add_name(composer, prior->person, out);
    else if (strcmp(name, "when") == 0)
        compose_when(out, composer->language, compose_zone(composer), prior->last, composer->now);
    else if (strcmp(name, "times") == 0)
        buffer_add_int(out, prior->times);
    else
        return false;
    return true;
}

static bool is_private_name(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && strcmp(name + n - 5, "_name") == 0;
}

static bool value(void *data, const char *name, struct buffer *out, bool *is_private)
{
    const struct composer *composer = data;
    size_t before = out->n;
    *is_private = false;
    if (add_prior_value(composer, name, out) || compose_add_person_value(composer, name, out))
        return out->n > before;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (strcmp(values[i].name, name) != 0)
            continue;
        values[i].add(composer, out);
        return out->n > before;
    }
    const char *field = fields_get(&compose_current(composer)->deadline->fields, name);
    if (!field || !*field)
        return false;
    *is_private = is_private_name(name);
    buffer_add_text(out, field);
    return true;
}

/* -- sections -- */

static bool more_follow(const struct composer *composer)
{
    for (size_t depth = composer->depth; depth; depth--)
        if (composer->inside[depth - 1].kind != INSIDE_SECTION)
            return composer->inside[depth - 1].i + 1 < composer->inside[depth - 1].n;
    return false;
}

static bool is_overdue(const struct composer *composer)
{
    const struct deadline *deadline = compose_current(composer)->deadline;
    return deadline->state == DEADLINE_OVERDUE || composer->now > deadline->due;
}

static bool is_group(const struct composer *composer)
{
    return composer->options.hide_private;
}

static bool is_copy(const struct composer *composer)
{
    return compose_current(composer)->notification->copy;
}

static bool is_to_owner(const struct composer *composer)
{
    const struct notification *notification = compose_current(composer)->notification;
    const char *to = notification->on_behalf ? notification->on_behalf : notification->to;
    return to && strcmp(to, compose_current(composer)->deadline->owner) == 0;
}

static bool is_to_requester(const struct composer *composer)
{
    const char *to = compose_current(composer)->notification->to;
    return to && *to && compose_is_requester(composer, to);
}

static bool is_reminded(const struct composer *composer)
{
    return composer->n_prior > 0;
}

static bool has_many(const struct composer *composer)
{
    return composer->n_items > 1;
}

static bool is_met(const struct composer *composer)
{
    return composer->is_closed && (composer->how == CLOSED_MET || composer->how == CLOSED_MET_LATE);
}

/* Late, and yet not by a working minute. Where others read it, not a word about that either. */
static bool is_after_hours(const struct composer *composer)
{
    struct lateness lateness;
    return !is_group(composer) && find_lateness(composer, &lateness) && lateness.working_min == 0;
}

static bool is_late_event(const struct composer *composer)
{
    return compose_current(composer)->deadline->late_event;
}

static const struct {
    const char *name;
    bool (*is)(const struct composer *composer);
} flags[] = {{"overdue", is_overdue},
             {"group", is_group},
             {"copy", is_copy},
             {"to_owner", is_to_owner},
             {"to_requester", is_to_requester},
             {"reminded", is_reminded},
             {"many", has_many},
             {"more", more_follow},
             {"met", is_met},
             {"after_hours", is_after_hours},
             {"late_event", is_late_event},
             {"next_again", compose_is_again},
             {"next_maybe", compose_may_go_on}};

size_t compose_names(const char *out[], size_t max)
{
    /* People, lists and what stands inside of them, and the fields that rules add to those of events. */
    static const char *const others[] = {
        "owner", "requester", "head",   "recipient", "on_behalf", "items",           "prior",       "who",
        "when",  "times",     "answer", "period",    "series",    "department_name", "person_name", NULL};
    size_t n = 0;
    for (size_t i = 0; others[i] && n < max; i++)
        out[n++] = others[i];
    for (size_t i = 0; i < sizeof values / sizeof *values && n < max; i++)
        out[n++] = values[i].name;
    for (size_t i = 0; i < sizeof flags / sizeof *flags && n < max; i++)
        out[n++] = flags[i].name;
    return n;
}

bool compose_knows(const char *name)
{
    static const char *const parts[] = {".name", ".id", ".phone", ".department"};
    const char *names[COMPOSE_NAMES_MAX];
    size_t n = compose_names(names, COMPOSE_NAMES_MAX), whole = strcspn(name, ".");
    bool has_part = name[whole] == '\0';
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        has_part = has_part || strcmp(name + whole, parts[i]) == 0;
    for (size_t i = 0; i < n && has_part; i++)
        if (strlen(names[i]) == whole && strncmp(names[i], name, whole) == 0)
            return true;
    return false;
}

static bool is_false(const char *text)
{
    static const char *const words[] = {"false", "no", "0", "否"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return false;
}

static size_t section(void *data, const char *name)
{
    const struct composer *composer = data;
    if (strcmp(name, "items") == 0)
        return composer->n_items;
    if (strcmp(name, "prior") == 0)
        return composer->n_prior;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (strcmp(flags[i].name, name) == 0)
            return flags[i].is(composer);
    struct buffer out;
    bool is_private;
    buffer_init(&out);
    bool there = value(data, name, &out, &is_private) && !is_false(buffer_text(&out));
    buffer_finish(&out);
    return there;
}

/* The parser allows no deeper nesting than `inside` has room for. */
static void enter(void *data, const char *name, size_t i)
{
    struct composer *composer = data;
    bool items = strcmp(name, "items") == 0, prior = strcmp(name, "prior") == 0;
    composer->inside[composer->depth].kind = items ? INSIDE_ITEMS : prior ? INSIDE_PRIOR : INSIDE_SECTION;
    composer->inside[composer->depth].i = i;
    composer->inside[composer->depth].n = items ? composer->n_items : prior ? composer->n_prior : 1;
    composer->depth++;
    if (items)
        composer->item = i;
}

static void leave(void *data)
{
    struct composer *composer = data;
    composer->depth--;
    if (composer->inside[composer->depth].kind == INSIDE_ITEMS)
        composer->item = 0;
}

struct template_values compose_values(struct composer *composer)
{
    return (struct template_values){composer, value, section, enter, leave};
}

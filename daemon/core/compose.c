#include "compose.h"

#include "compose_values.h"

#include <errno.h>
#include <string.h>

void composed_init(struct composed *composed)
{
    buffer_init(&composed->title);
    buffer_init(&composed->body);
    buffer_init(&composed->link);
}

void composed_finish(struct composed *composed)
{
    buffer_finish(&composed->title);
    buffer_finish(&composed->body);
    buffer_finish(&composed->link);
}

/* Several people of one step may be told about one deadline in one post: it is one item. */
static void add_item(struct composer *composer, const struct deadline *deadline,
                     const struct notification *notification)
{
    for (size_t i = 0; i < composer->n_items; i++)
        if (composer->items[i].deadline == deadline)
            return;
    if (composer->n_items < COMPOSE_ITEMS_MAX)
        composer->items[composer->n_items++] = (struct compose_item){deadline, notification};
    else
        composer->n_beyond++;
}

/* Who was told before this notification, each person once, in the order of first telling. */
static void collect_prior(struct composer *composer)
{
    const struct deadline *deadline = composer->items[0].deadline;
    for (size_t i = 0; i < deadline->n_told; i++) {
        const struct told *told = &deadline->told[i];
        if (told->at >= composer->items[0].notification->queued || told->phase == PHASE_CLOSED)
            continue;
        size_t k = 0;
        while (k < composer->n_prior && strcmp(composer->prior[k].person, told->person) != 0)
            k++;
        if (k == COMPOSE_PRIOR_MAX)
            continue;
        if (k == composer->n_prior)
            composer->prior[composer->n_prior++] = (struct compose_prior){told->person, 0, told->at};
        composer->prior[k].times++;
        if (told->at > composer->prior[k].last)
            composer->prior[k].last = told->at;
    }
}

/* Everything that does not depend on the single item. */
static void prepare(struct composer *composer, const struct notification *notification)
{
    const struct ruleset *rules = engine_rules(composer->engine);
    const struct channel_facts *channel = ruleset_channel(rules, notification->channel);
    const char *to = notification->to;
    const struct person *recipient = to && *to ? directory_person(engine_people(composer->engine), to) : NULL;
    composer->language = recipient ? recipient->language : NULL;
    if (!composer->language)
        composer->language = ruleset_policy(rules)->language;
    if (!composer->language)
        composer->language = "zh-CN";
    composer->options.dialect = channel ? channel->dialect : DIALECT_PLAIN;
    composer->options.hide_private = channel && channel->reach == REACH_GROUP;
    collect_prior(composer);
}

static bool is_requester(const struct composer *composer, const struct notification *notification)
{
    const struct deadline *deadline = composer->items[0].deadline;
    const char *to = notification->on_behalf ? notification->on_behalf : notification->to;
    if (!to || strcmp(to, deadline->owner) == 0)
        return false;
    return compose_is_requester(composer, to);
}

static const struct template *choose(const struct composer *composer, const struct notification *notification)
{
    const struct templates *templates = engine_templates(composer->engine);
    const char *name = notification->message;
    if (name && *name)
        return templates_find(templates, composer->language, name);
    /* HR does not owe what the owner owes: the same step asks them for a call. */
    if (notification->phase == PHASE_OVERDUE && is_requester(composer, notification)) {
        const struct template *chase = templates_find(templates, composer->language, "chase");
        if (chase)
            return chase;
    }
    return templates_find(templates, composer->language, phase_name(notification->phase));
}

static int render(struct composer *composer, const struct notification *notification, struct composed *out,
                  const char **why)
{
    prepare(composer, notification);
    const struct template *template = choose(composer, notification);
    if (!template) {
        *why = "there is no template for this message in any language";
        return -ENOENT;
    }
    struct template_values values = compose_values(composer);
    int error = template_render(template, &values, &composer->options, &out->title, &out->body);
    if (error)
        return error;
    /* A title whose values are all missing still says which process it is about. */
    if (!out->title.n)
        template_escape(&out->title, composer->options.dialect, composer->items[0].deadline->rule->summary);
    if (composer->n_items == 1)
        compose_add_link(composer, &out->link);
    return buffer_ok(&out->title) && buffer_ok(&out->body) && buffer_ok(&out->link) ? 0 : -ENOMEM;
}

/* Words that were rendered when the deadline closed. */
static int copy_rendered(const struct notification *notification, struct composed *out)
{
    buffer_add_text(&out->title, notification->title);
    buffer_add_text(&out->body, notification->body ? notification->body : "");
    return buffer_ok(&out->title) && buffer_ok(&out->body) ? 0 : -ENOMEM;
}

int compose_message(const struct engine *engine, const struct notification *const *notifications, size_t n,
                    instant now, struct composed *out, const char **why)
{
    struct composer composer = {.engine = engine, .now = now};
    for (size_t i = 0; i < n; i++) {
        if (notifications[i]->title)
            return copy_rendered(notifications[i], out);
        const struct deadline *deadline = notifications[i]->deadline;
        if (!deadline)
            deadline = engine_deadline(engine, notifications[i]->deadline_id);
        if (deadline)
            add_item(&composer, deadline, notifications[i]);
    }
    if (!composer.n_items) {
        *why = "its deadline is closed";
        return -ENOENT;
    }
    return render(&composer, composer.items[0].notification, out, why);
}

int compose_closing(const struct engine *engine, const struct deadline *deadline,
                    const struct notification *notification, enum closing how, instant at, instant now,
                    struct composed *out, const char **why)
{
    struct composer composer = {.engine = engine, .now = now, .is_closed = true, .how = how, .closed_at = at};
    add_item(&composer, deadline, notification);
    return render(&composer, notification, out, why);
}

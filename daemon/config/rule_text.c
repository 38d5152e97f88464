/* A rule written out in full, in the language it was read from: what Redis keeps of it, and what its
 * fingerprint is of. */
#include "config/rule_read.h"

#include <inttypes.h>
#include <string.h>

#include "core/buffer.h"
#include "core/calendar.h"

void rule_text_quote(struct buffer *out, const char *text)
{
    buffer_add_char(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buffer_printf(out, "\\%c", *text);
        else if (*text == '\n')
            buffer_add_text(out, "\\n");
        else if ((unsigned char)*text < 0x20 || *text == 0x7f)
            buffer_printf(out, "\\x%02x", (unsigned)(unsigned char)*text);
        else
            buffer_add_char(out, *text);
    }
    buffer_add_char(out, '"');
}

static void add_setting(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, " %s = ", name);
    rule_text_quote(out, text);
    buffer_add_char(out, ';');
}

static void add_list_start(struct buffer *out, const char *name)
{
    buffer_printf(out, " %s = [", name);
}

static void add_element(struct buffer *out, size_t i, const char *text)
{
    buffer_add_text(out, i ? ", " : " ");
    rule_text_quote(out, text);
}

static void add_texts(struct buffer *out, const char *name, const struct texts *texts)
{
    if (texts->n == 0)
        return;
    add_list_start(out, name);
    for (size_t i = 0; i < texts->n; i++)
        add_element(out, i, texts->items[i]);
    buffer_add_text(out, " ];");
}

static void add_paths(struct buffer *out, const char *name, const struct path *paths, size_t n)
{
    if (n == 0)
        return;
    add_list_start(out, name);
    for (size_t i = 0; i < n; i++)
        add_element(out, i, paths[i].text);
    buffer_add_text(out, " ];");
}

static void add_conditions(struct buffer *out, const char *name, const struct conditions *where)
{
    if (where->n == 0)
        return;
    add_list_start(out, name);
    for (size_t i = 0; i < where->n; i++)
        add_element(out, i, where->items[i].text);
    buffer_add_text(out, " ];");
}

static void add_where(struct buffer *out, const struct conditions *where)
{
    add_conditions(out, "where", where);
}

static void add_span(struct buffer *out, const char *name, const struct span *span)
{
    char text[SPAN_TEXT_MAX];
    if (!span_is_none(span))
        add_setting(out, name, span_format(span, text));
}

static void add_key(struct buffer *out, const struct key *key)
{
    if (key->n == 0)
        return;
    add_list_start(out, "key");
    for (size_t i = 0; i < key->n; i++) {
        const struct key_field *field = &key->fields[i];
        buffer_add_text(out, i ? ", \"" : " \"");
        buffer_add_text(out, field->name); /* a field's name needs no escape */
        if (strcmp(field->name, field->event_field) != 0)
            buffer_printf(out, " = %s", field->event_field);
        buffer_add_char(out, '"');
    }
    buffer_add_text(out, " ];");
}

static void add_selectors(struct buffer *out, const char *name, const struct selectors *selectors)
{
    if (selectors->n == 0)
        return;
    buffer_printf(out, "  %s =\n  (\n", name);
    for (size_t i = 0; i < selectors->n; i++) {
        const struct selector *selector = &selectors->items[i];
        buffer_add_text(out, "    {");
        add_texts(out, selector->all ? "all" : "on", &selector->on);
        add_where(out, &selector->where);
        add_key(out, &selector->key);
        if (selector->owner_field)
            add_setting(out, "owner", selector->owner_field);
        if (selector->series_field)
            add_setting(out, "series", selector->series_field);
        add_span(out, "due", &selector->due);
        if (selector->stop)
            add_setting(out, "stop", selector->stop);
        buffer_add_text(out, i + 1 < selectors->n ? " },\n" : " }\n");
    }
    buffer_add_text(out, "  );\n");
}

static void add_dues(struct buffer *out, const struct rule *rule)
{
    buffer_add_text(out, rule->is_series ? "  series = [" : "  due = (");
    for (size_t i = 0; i < rule->n_dues; i++) {
        if (rule->is_series) {
            add_element(out, i, rule->dues[i].name);
            continue;
        }
        buffer_add_text(out, i ? ", {" : " {");
        add_where(out, &rule->dues[i].where);
        add_span(out, "span", &rule->dues[i].span);
        buffer_add_text(out, " }");
    }
    buffer_add_text(out, rule->is_series ? " ];\n " : " );\n ");
    add_span(out, "latest", &rule->latest);
    add_span(out, "least", &rule->least);
    add_span(out, "max_pause", &rule->max_pause);
    if (rule->calendar_of == CALENDAR_OF_DEPARTMENT)
        add_setting(out, "calendar", "of department");
    else if (rule->calendar_of == CALENDAR_OF_OWNER)
        add_setting(out, "calendar", "of owner");
    else if (rule->calendar)
        add_setting(out, "calendar", calendar_name(rule->calendar));
    buffer_add_char(out, '\n');
}

static void add_ladder(struct buffer *out, const struct rule *rule)
{
    buffer_add_text(out, "  ladder =\n  (\n");
    for (size_t i = 0; i < rule_written(rule); i++) {
        const struct step *step = &rule->steps[i];
        buffer_add_text(out, "    {");
        add_setting(out, "at", step->at);
        if (strcmp(step->name, step->at) != 0)
            add_setting(out, "name", step->name);
        add_paths(out, "to", step->to, step->n_to);
        add_texts(out, "via", &step->via);
        if (step->message)
            add_setting(out, "message", step->message);
        add_span(out, "every", &step->every);
        if (!span_is_none(&step->every))
            buffer_printf(out, " times = %" PRId32 ";", step->times);
        add_where(out, &step->where);
        if (step->urgent)
            buffer_add_text(out, " urgent = true;");
        buffer_add_text(out, i + 1 < rule_written(rule) ? " },\n" : " }\n");
    }
    buffer_add_text(out, "  );\n");
}

static void add_recurrence(struct buffer *out, const struct rule *rule)
{
    static const char *const each[] = {
        [FOR_EACH_NOTHING] = NULL, [FOR_EACH_DEPARTMENT] = "department", [FOR_EACH_PERSON] = "person"};
    char text[RECURRENCE_TEXT_MAX];
    if (rule_recurs(rule))
        add_setting(out, "every", recurrence_format(&rule->every, text));
    add_span(out, "until", &rule->open_until);
    if (each[rule->for_each])
        add_setting(out, "for_each", each[rule->for_each]);
    add_conditions(out, "among", &rule->among);
    if (rule->catch_up_all)
        add_setting(out, "catch_up", "all");
}

static void add_words(struct buffer *out, const struct rule *rule)
{
    buffer_add_char(out, ' ');
    add_setting(out, "summary", rule->summary);
    if (*rule->about)
        add_setting(out, "about", rule->about);
    if (*rule->done)
        add_setting(out, "done", rule->done);
    if (*rule->link)
        add_setting(out, "link", rule->link);
    buffer_add_text(out, "\n  open = {");
    add_texts(out, "on", &rule->open_on);
    if (rule->after)
        add_setting(out, "after", rule->after);
    add_where(out, &rule->open_where);
    add_span(out, "from", &rule->open_from);
    add_recurrence(out, rule);
    buffer_add_text(out, " };\n ");
    add_key(out, &rule->key);
    buffer_add_text(out, "\n ");
    if (rule->each_of) {
        buffer_printf(out, " owner = \"each of %s\";", rule->each_of);
    }
    add_paths(out, "owner", rule->owners, rule->n_owners);
    add_setting(out, "requester", rule->requester.text);
    if (rule->has_department)
        add_setting(out, "department", rule->department.text);
    add_paths(out, "with", rule->with, rule->n_with);
    buffer_add_char(out, '\n');
}

static void add_manners(struct buffer *out, const struct rule *rule)
{
    static const char *const agains[] = {
        [AGAIN_IGNORE] = "ignore", [AGAIN_RESTART] = "restart", [AGAIN_CHANGE] = "change"};
    buffer_add_char(out, ' ');
    add_setting(out, "again", agains[rule->again]);
    add_setting(out, "on_change", rule->on_change == ON_CHANGE_KEEP ? "keep" : "recompute");
    buffer_printf(out, " early = \"%" PRId64 "ms\";", rule->early_ms);
    if (rule->retired)
        buffer_add_text(out, " retired = true;");
    if (rule->alone)
        buffer_add_text(out, " alone = true;");
    if (rule->audience_direct)
        add_setting(out, "audience", "direct");
    if (rule->merge_owner)
        add_setting(out, "merge", "owner");
    add_texts(out, "except", &rule->except);
    if (!span_is_none(&rule->gap) && rule->gap.count == 0)
        add_setting(out, "gap", "none");
    else
        add_span(out, "gap", &rule->gap);
    buffer_add_char(out, '\n');
}

const char *rule_text(struct arena *arena, const struct rule *rule)
{
    struct buffer out;
    buffer_init(&out);
    buffer_printf(&out, "%s =\n{\n", rule->name);
    add_words(&out, rule);
    add_selectors(&out, "meet", &rule->meets);
    add_selectors(&out, "cancel", &rule->cancels);
    add_selectors(&out, "pause", &rule->pauses);
    add_selectors(&out, "resume", &rule->resumes);
    add_selectors(&out, "change", &rule->changes);
    add_selectors(&out, "reopen", &rule->reopens);
    add_dues(&out, rule);
    add_ladder(&out, rule);
    add_manners(&out, rule);
    buffer_add_text(&out, "};\n");
    const char *text = buffer_ok(&out) ? arena_strdup(arena, buffer_text(&out)) : NULL;
    buffer_finish(&out);
    return text;
}

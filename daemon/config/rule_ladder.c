/* The steps of a ladder. */
#include "config/rule_read.h"

#include <string.h>

#include "core/template.h"

enum { STEP_TIMES_MAX = 100 };

static const char *const keys[] = {"at", "to", "via", "message", "every", "times", "where", "urgent", "name"};

/* "due-4h", "due + 1wd": the offset without its blanks. */
static const char *read_offset(const char *text, struct step *step)
{
    char offset[SPAN_TEXT_MAX];
    size_t n = 0;
    const char *why = NULL;
    for (; *text && n < sizeof offset - 1; text++)
        if (*text != ' ')
            offset[n++] = *text;
    offset[n] = 0;
    if (*text || (offset[0] != '+' && offset[0] != '-'))
        return "after `due` comes - or + and a span";
    if (span_parse(offset, &step->offset, &why))
        return why;
    switch (step->offset.unit) {
    case SPAN_ELAPSED:
    case SPAN_WORKING:
    case SPAN_DAYS:
    case SPAN_WORKING_DAYS:
    case SPAN_MONTHS:
    case SPAN_YEARS:
        break;
    default:
        return "a step stands a plain span before or after due: due-4wh, due+1wd";
    }
    step->before_due = offset[0] == '-';
    return NULL;
}

static const char *parse_at(const char *text, struct step *step)
{
    const char *why = NULL;
    if (strcmp(text, "open") == 0) {
        step->anchor = ANCHOR_OPEN;
        step->before_due = true;
        return NULL;
    }
    if (strcmp(text, "closed") == 0) {
        step->anchor = ANCHOR_CLOSED;
        return NULL;
    }
    if (strchr(text, '%')) {
        step->anchor = ANCHOR_SHARE;
        step->before_due = true;
        if (span_parse(text, &step->offset, &why))
            return why;
        if (step->offset.unit != SPAN_SHARE || step->offset.count < 1 || step->offset.count > 99)
            return "a share is between 1% and 99%";
        return NULL;
    }
    if (strncmp(text, "due", 3) == 0) {
        step->anchor = ANCHOR_DUE;
        return text[3] ? read_offset(text + 3, step) : NULL;
    }
    return "a step stands at open, due, due-4wh, due+1wd, 75% or closed";
}

static bool read_at(struct rule_reading *reading, const config_setting_t *group, struct step *step)
{
    const config_setting_t *at = reader_member(group, "at");
    if (!at) {
        reader_error(&reading->reader, group, "has no `at`");
        return false;
    }
    if (!reader_text(&reading->reader, at, &step->at))
        return false;
    const char *why = parse_at(step->at, step);
    if (why)
        reader_refuse(&reading->reader, at, step->at, why);
    step->name = step->at;
    reader_get_text(&reading->reader, group, "name", &step->name);
    return !why;
}

static void read_every(struct rule_reading *reading, const config_setting_t *group, struct step *step)
{
    const config_setting_t *every = reader_member(group, "every"), *times = reader_member(group, "times");
    int64_t count = RULE_REPEATS_DEFAULT;
    step->times = 1;
    if (!every) {
        if (times)
            reader_error(&reading->reader, times, "stands without `every`");
        return;
    }
    if (!span_read(reading, every, &step->every))
        return;
    if (span_is_fixed(&step->every) || step->every.count <= 0 || step->every.clock == SPAN_CLOCK_OPEN)
        reader_error(&reading->reader, every, "must be a plain span such as \"1wd\" or \"4wh\"");
    if (step->anchor == ANCHOR_CLOSED)
        reader_error(&reading->reader, every, "what is closed is told once");
    if (times)
        reader_int(&reading->reader, times, 1, STEP_TIMES_MAX, &count);
    step->times = (int32_t)count;
}

/* "direct" is the recipient's own channel, which is what no channel at all means. */
static void read_via(struct rule_reading *reading, const config_setting_t *group, struct step *step)
{
    struct load *load = reading->load;
    const config_setting_t *via = rule_member(reading, group, "via");
    struct texts texts;
    if (!via || !reader_texts(&reading->reader, via, &texts))
        return;
    for (size_t i = 0; i < texts.n; i++) {
        const char *name = texts.items[i];
        if (strcmp(name, "direct") == 0) {
            if (texts.n > 1)
                reader_error(&reading->reader, via,
                             "\"direct\" stands alone: a step goes out directly or by channels");
            return;
        }
        if (load && !load->channels_incomplete && !names_have(&load->channels, name)) {
            reader_unknown(&reading->reader, via, "channel", name, load->channels.items, load->channels.n);
            return;
        }
    }
    step->via = texts;
}

static void read_message(struct rule_reading *reading, const config_setting_t *group, struct step *step)
{
    const config_setting_t *message = reader_member(group, "message");
    struct load *load = reading->load;
    if (!message || !reader_text(&reading->reader, message, &step->message) || !load ||
        load->templates_incomplete)
        return;
    if (templates_find(load->config->templates, load->policy.language, step->message))
        return;
    static const char *const usual[] = {"asked", "reminder", "overdue", "escalation", "closed", "chase"};
    const char *known[sizeof usual / sizeof *usual];
    size_t n = 0;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (templates_find(load->config->templates, load->policy.language, usual[i]))
            known[n++] = usual[i];
    reader_unknown(&reading->reader, message, "template", step->message, known, n);
}

static bool read_step(struct rule_reading *reading, const config_setting_t *group, struct step *step)
{
    struct reader *reader = &reading->reader;
    const config_setting_t *to = reader_member(group, "to"), *urgent = reader_member(group, "urgent");
    if (!reader_is_group(reader, group))
        return false;
    reader_check_keys(reader, group, keys, sizeof keys / sizeof *keys);
    step->file = reading->load ? copy_text(reader, reader_file(group)) : "";
    step->line = reader_line(group);
    bool ok = read_at(reading, group, step);
    if (!to) {
        reader_error(reader, group, "has no `to`");
        reader_hint(reader,
                    step->anchor == ANCHOR_CLOSED ? "write to = [ \"told\" ]" : "write to = [ \"owner\" ]");
        ok = false;
    } else {
        ok = paths_read(reading, to, PATH_FOR_STEP, &step->to, &step->n_to) && ok;
        if (ok && step->n_to == 0)
            reader_error(reader, to, "names nobody");
    }
    read_via(reading, group, step);
    read_message(reading, group, step);
    read_every(reading, group, step);
    conditions_read(reading, group, "where", &step->where);
    if (urgent)
        reader_bool(reader, urgent, &step->urgent);
    return ok;
}

static void check_names(struct rule_reading *reading, const config_setting_t *list, const struct step *steps,
                        size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (!steps[i].name || !steps[k].name || strcmp(steps[i].name, steps[k].name) != 0)
                continue;
            reader_error(&reading->reader, config_setting_get_elem(list, (unsigned)i),
                         "two steps are called \"%s\"; the first is in line %d", steps[i].name,
                         steps[k].line);
            reader_hint(&reading->reader, "give this one a name of its own: name = \"...\"");
        }
    }
}

/* The step before due whose recipients hear the first word at short notice: the first that tells the owner,
 * else the first. */
static const struct step *first_before_due(const struct step *steps, size_t n)
{
    const struct step *first = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!steps[i].before_due || steps[i].anchor == ANCHOR_OPEN)
            continue;
        first = first ? first : &steps[i];
        for (size_t k = 0; k < steps[i].n_to; k++)
            if (steps[i].to[k].start == PATH_OWNER && steps[i].to[k].n_hops == 0)
                return &steps[i];
    }
    return first;
}

/* A ladder that says itself what `asked` is implies nothing. */
static size_t imply_asked(struct step *steps, size_t n)
{
    const struct step *first = first_before_due(steps, n);
    bool is_said = false;
    for (size_t i = 0; i < n; i++)
        is_said = is_said || strcmp(steps[i].name, "asked") == 0;
    if (!first || is_said)
        return n;
    steps[n] = (struct step){.name = "asked",
                             .at = "open",
                             .anchor = ANCHOR_OPEN,
                             .before_due = true,
                             .implied = true,
                             .urgent = first->urgent,
                             .to = first->to,
                             .n_to = first->n_to,
                             .via = first->via,
                             .times = 1,
                             .file = first->file,
                             .line = first->line};
    return n + 1;
}

bool ladder_read(struct rule_reading *reading, const config_setting_t *list, const struct step **out,
                 size_t *n)
{
    if (!config_setting_is_list(list)) {
        reader_error(&reading->reader, list, "must be a list of steps");
        reader_hint(&reading->reader, "write ( { at = \"due\"; to = [ \"owner\" ]; } )");
        return false;
    }
    int length = config_setting_length(list);
    if (length < 1 || length > RULE_LADDER_MAX) {
        reader_error(&reading->reader, list, "must have between 1 and %d steps", RULE_LADDER_MAX);
        return false;
    }
    struct step *steps = arena_alloc_array(reading->reader.arena, (size_t)length + 1, sizeof *steps);
    if (!steps) {
        reader_no_memory(&reading->reader);
        return false;
    }
    size_t errors = problems_met(reading->reader.problems);
    bool ok = true;
    for (int i = 0; i < length; i++)
        ok = read_step(reading, config_setting_get_elem(list, (unsigned)i), &steps[i]) && ok;
    check_names(reading, list, steps, (size_t)length);
    ok = ok && problems_met(reading->reader.problems) == errors;
    *out = steps;
    *n = ok ? imply_asked(steps, (size_t)length) : 0;
    return ok;
}

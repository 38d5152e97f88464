#include "config/rule_read.h"

#include <errno.h>
#include <string.h>

#include "config/calendars.h"

enum { DUES_MAX = 16 };
#define EARLY_DEFAULT_MS (10 * MINUTE_MS)
#define EARLY_MAX_MS     (100 * DAY_MS)

static const char *const keys[] = {
    "summary",   "about",   "done",     "link",     "requester", "open",   "key",       "owner", "department",
    "with",      "meet",    "cancel",   "pause",    "resume",    "change", "reopen",    "due",   "latest",
    "least",     "series",  "calendar", "ladder",   "audience",  "except", "merge",     "again", "early",
    "on_change", "retired", "confirm",  "catch_up", "for_each",  "among",  "max_pause", "gap",   "alone",
};
static const char *const unserved[] = {"confirm"};

/* What `defaults` may say for all rules. */
static const char *const default_keys[] = {
    "requester", "department", "with",     "cancel", "pause",    "resume",    "change", "due",
    "latest",    "least",      "calendar", "ladder", "audience", "except",    "merge",  "again",
    "early",     "on_change",  "link",     "done",   "via",      "max_pause", "gap",    "catch_up",
};

const config_setting_t *rule_member(const struct rule_reading *reading, const config_setting_t *group,
                                    const char *name)
{
    const config_setting_t *member = reader_member(group, name);
    return member ? member : reader_member(reading->defaults, name);
}

void rule_check_defaults(struct rule_reading *reading)
{
    if (reading->defaults && reader_is_group(&reading->reader, reading->defaults)) {
        refuse_unserved(reading, reading->defaults, unserved, sizeof unserved / sizeof *unserved);
        reader_check_keys(&reading->reader, reading->defaults, default_keys,
                          sizeof default_keys / sizeof *default_keys);
    }
}

static void read_words(struct rule_reading *reading, const config_setting_t *group, struct rule *rule)
{
    struct reader *reader = &reading->reader;
    const config_setting_t *done = rule_member(reading, group, "done"),
                           *link = rule_member(reading, group, "link");
    rule->summary = rule->name;
    rule->about = rule->done = rule->link = "";
    reader_get_text(reader, group, "summary", &rule->summary);
    reader_get_text(reader, group, "about", &rule->about);
    if (done)
        reader_text(reader, done, &rule->done);
    if (link)
        reader_text(reader, link, &rule->link);
}

/* "each of FIELD", a path, or several. */
static bool read_owner(struct rule_reading *reading, const config_setting_t *group, struct rule *rule)
{
    struct reader *reader = &reading->reader;
    const config_setting_t *owner = reader_member(group, "owner");
    struct texts texts;
    if (!owner) {
        reader_error(reader, group, "has no `owner`");
        return false;
    }
    if (!reader_texts(reader, owner, &texts))
        return false;
    if (texts.n == 0 || texts.n > RULE_OWNERS_MAX) {
        reader_error(reader, owner, "must name between 1 and %d owners", RULE_OWNERS_MAX);
        return false;
    }
    for (size_t i = 0; i < texts.n; i++) {
        if (strncmp(texts.items[i], "each of ", 8) != 0)
            continue;
        const char *field = texts.items[i] + 8 + strspn(texts.items[i] + 8, " ");
        if (texts.n > 1 || !*field || strpbrk(field, " ,")) {
            reader_error(reader, owner, "\"%s\": write \"each of FIELD\", alone", texts.items[i]);
            return false;
        }
        rule->each_of = field;
        return true;
    }
    return paths_read(reading, owner, PATH_FOR_OWNER, &rule->owners, &rule->n_owners);
}

static void read_people(struct rule_reading *reading, const config_setting_t *group, struct rule *rule)
{
    struct reader *reader = &reading->reader;
    const config_setting_t *requester = rule_member(reading, group, "requester");
    const config_setting_t *department = rule_member(reading, group, "department");
    const config_setting_t *with = rule_member(reading, group, "with");
    const config_setting_t *except = rule_member(reading, group, "except");
    const char *text = "hrbp of department";
    if (!requester || reader_text(reader, requester, &text))
        path_read(reading, requester ? requester : group, text, PATH_FOR_REQUESTER, &rule->requester);
    if (department && reader_text(reader, department, &text))
        rule->has_department = path_read(reading, department, text, PATH_FOR_DEPARTMENT, &rule->department);
    if (with)
        paths_read(reading, with, PATH_FOR_WITH, &rule->with, &rule->n_with);
    if (except)
        reader_texts(reader, except, &rule->except);
}

static bool read_due_case(struct rule_reading *reading, const config_setting_t *group, bool last,
                          struct due_case *out)
{
    static const char *const case_keys[] = {"where", "span"};
    struct reader *reader = &reading->reader;
    if (!reader_is_group(reader, group))
        return false;
    reader_check_keys(reader, group, case_keys, 2);
    out->line = reader_line(group);
    const config_setting_t *span = reader_member(group, "span");
    bool has_where = reader_member(group, "where") != NULL;
    if (last && has_where) {
        reader_error(reader, group, "the last case of `due` must not have a `where`");
        reader_hint(reader, "add a case without `where` for everything else");
    } else if (!last && !has_where) {
        reader_error(reader, group, "a case without `where` hides those behind it");
    }
    bool ok = conditions_read(reading, group, "where", &out->where);
    if (!span) {
        reader_error(reader, group, "has no `span`");
        return false;
    }
    return span_read(reading, span, &out->span) && ok;
}

static bool read_due(struct rule_reading *reading, const config_setting_t *group, struct rule *rule)
{
    struct reader *reader = &reading->reader;
    const config_setting_t *series = reader_member(group, "series");
    const config_setting_t *due = series ? reader_member(group, "due") : rule_member(reading, group, "due");
    if (series && due) {
        reader_error(reader, series, "stands beside `due`: it takes its place");
        reader_hint(reader, "leave one of the two out");
        return false;
    }
    if (series)
        return series_read(reading, series, rule);
    if (!due) {
        reader_error(reader, group, "has no `due`");
        return false;
    }
    bool is_list = config_setting_is_list(due);
    int length = is_list ? config_setting_length(due) : 1;
    if (length < 1 || length > DUES_MAX) {
        reader_error(reader, due, "must have between 1 and %d cases", DUES_MAX);
        return false;
    }
    struct due_case *cases = arena_alloc_array(reader->arena, (size_t)length, sizeof *cases);
    if (!cases) {
        reader_no_memory(reader);
        return false;
    }
    bool ok = true;
    for (int i = 0; is_list && i < length; i++)
        ok = read_due_case(reading, config_setting_get_elem(due, (unsigned)i), i + 1 == length, &cases[i]) &&
             ok;
    if (!is_list) {
        cases[0].line = reader_line(due);
        ok = span_read(reading, due, &cases[0].span);
    }
    rule->dues = cases;
    rule->n_dues = ok ? (size_t)length : 0;
    return ok;
}

/* A length of time that a pause can be measured by. */
static void read_max_pause(struct rule_reading *reading, const config_setting_t *group, struct rule *rule)
{
    const config_setting_t *at = rule_member(reading, group, "max_pause");
    struct span *max = &rule->max_pause;
    if (!at || !span_read(reading, at, max))
        return;
    if (max->clock == SPAN_CLOCK_DEFAULT && max->count > 0 &&
        (max->unit == SPAN_ELAPSED || max->unit == SPAN_DAYS || max->unit == SPAN_WORKING ||
         max->unit == SPAN_WORKING_DAYS))
        return;
    reader_error(&reading->reader, at, "must be a length of time in h, d, wh or wd");
    reader_hint(&reading->reader, "write max_pause = \"30d\" or \"10wd\"");
}

static void read_bounds(struct rule_reading *reading, const config_setting_t *group, struct rule *rule)
{
    const config_setting_t *latest = rule_member(reading, group, "latest"),
                           *least = rule_member(reading, group, "least");
    if (latest)
        span_read(reading, latest, &rule->latest);
    if (least)
        span_read(reading, least, &rule->least);
    read_max_pause(reading, group, rule);
}

static void unknown_calendar(struct rule_reading *reading, const config_setting_t *at, const char *name)
{
    struct load *load = reading->load;
    if (load)
        calendars_report(load, &reading->reader, at, name);
    else
        reader_error(&reading->reader, at, "unknown calendar `%s`", name);
}

/* Nobody said which calendar is the default; one that was named and is broken has been reported. */
static bool has_no_default(const struct rule_reading *reading)
{
    const struct load *load = reading->load;
    return !reading->calendar && load && !load->calendar && !load->calendars_incomplete &&
           !reader_member(reading->defaults, "calendar");
}

static void read_calendar(struct rule_reading *reading, const config_setting_t *group, struct rule *rule)
{
    const config_setting_t *calendar = rule_member(reading, group, "calendar");
    const char *name;
    rule->calendar = reading->calendar;
    if (!calendar || !reader_text(&reading->reader, calendar, &name)) {
        if (!calendar && has_no_default(reading)) {
            reader_error(&reading->reader, group, "has no `calendar`, and the settings name none");
            reader_hint(&reading->reader, "write calendar = \"...\" in the settings file");
        }
        return;
    }
    if (strcmp(name, "of department") == 0 || strcmp(name, "of owner") == 0) {
        rule->calendar_of = name[3] == 'd' ? CALENDAR_OF_DEPARTMENT : CALENDAR_OF_OWNER;
        if (has_no_default(reading)) {
            reader_error(&reading->reader, calendar,
                         "\"%s\" needs a default calendar for those who have none", name);
            reader_hint(&reading->reader, "write calendar = \"...\" in the settings file");
        }
        return;
    }
    const struct calendar *found = config_calendar(reading->config, name);
    if (found)
        rule->calendar = found;
    else
        unknown_calendar(reading, calendar, name);
}

static bool read_ladder(struct rule_reading *reading, const config_setting_t *group, struct rule *rule)
{
    struct reader *reader = &reading->reader;
    const config_setting_t *ladder = rule_member(reading, group, "ladder");
    const char *name;
    struct names known = {.n = 0};
    if (!ladder) {
        reader_error(reader, group, "has no `ladder`");
        return false;
    }
    if (config_setting_type(ladder) != CONFIG_TYPE_STRING)
        return ladder_read(reading, ladder, &rule->steps, &rule->n_steps);
    if (!reader_text(reader, ladder, &name))
        return false;
    for (size_t i = 0; i < reading->n_ladders; i++) {
        if (strcmp(reading->ladders[i].name, name) != 0)
            continue;
        rule->steps = reading->ladders[i].steps;
        rule->n_steps = reading->ladders[i].n;
        return rule->n_steps > 0;
    }
    for (size_t i = 0; i < reading->n_ladders; i++)
        names_add(reader, &known, reading->ladders[i].name);
    if (!reading->incomplete)
        reader_unknown(reader, ladder, "ladder", name, known.items, known.n);
    return false;
}

static void read_manners(struct rule_reading *reading, const config_setting_t *group, struct rule *rule)
{
    static const char *const agains[] = {
        [AGAIN_IGNORE] = "ignore", [AGAIN_RESTART] = "restart", [AGAIN_CHANGE] = "change"};
    static const char *const on_changes[] = {[ON_CHANGE_RECOMPUTE] = "recompute", [ON_CHANGE_KEEP] = "keep"};
    static const char *const audiences[] = {"direct"}, *const merges[] = {"owner"};
    struct reader *reader = &reading->reader;
    const config_setting_t *again = rule_member(reading, group, "again"),
                           *early = rule_member(reading, group, "early");
    const config_setting_t *on_change = rule_member(reading, group, "on_change");
    const config_setting_t *audience = rule_member(reading, group, "audience");
    const config_setting_t *merge = rule_member(reading, group, "merge"),
                           *retired = reader_member(group, "retired"), *alone = reader_member(group, "alone");
    const config_setting_t *gap = rule_member(reading, group, "gap");
    int choice = AGAIN_IGNORE, change = ON_CHANGE_RECOMPUTE, only;
    if (again)
        reader_choice(reader, again, agains, sizeof agains / sizeof *agains, &choice);
    if (on_change)
        reader_choice(reader, on_change, on_changes, sizeof on_changes / sizeof *on_changes, &change);
    rule->again = (enum again)choice;
    rule->on_change = (enum on_change)change;
    rule->audience_direct = audience && reader_choice(reader, audience, audiences, 1, &only);
    rule->merge_owner = merge && reader_choice(reader, merge, merges, 1, &only);
    rule->early_ms = EARLY_DEFAULT_MS;
    if (early && reader_duration(reader, early, &rule->early_ms) && rule->early_ms > EARLY_MAX_MS)
        reader_error(reader, early, "is longer than %d days", (int)(EARLY_MAX_MS / DAY_MS));
    if (gap)
        reader_gap(reader, gap, &rule->gap);
    if (retired)
        reader_bool(reader, retired, &rule->retired);
    if (alone)
        reader_bool(reader, alone, &rule->alone);
}

static bool check_name(struct rule_reading *reading, const config_setting_t *group, const char *name)
{
    if (strchr(name, '*') || strlen(name) > RULE_NAME_BYTES_MAX) {
        reader_error(&reading->reader, group, "the name of a rule has letters, digits, _ and -, at most %d",
                     RULE_NAME_BYTES_MAX);
        return false;
    }
    return true;
}

bool rule_read(struct rule_reading *reading, const config_setting_t *group, struct rule *out)
{
    struct reader *reader = &reading->reader;
    struct rule rule = {
        .name = copy_text(reader, config_setting_name(group)), .file = "", .line = reader_line(group)};
    if (!reader_is_group(reader, group))
        return false;
    if (reading->load)
        rule.file = copy_text(reader, reader_file(group));
    size_t errors = problems_met(reader->problems);
    bool ok = check_name(reading, group, rule.name);
    reader_check_keys(reader, group, keys, sizeof keys / sizeof *keys);
    refuse_unserved(reading, group, unserved, sizeof unserved / sizeof *unserved);
    read_words(reading, group, &rule);
    ok = open_read(reading, group, &rule) && ok;
    ok = read_owner(reading, group, &rule) && ok;
    read_people(reading, group, &rule);
    if (!rule_member(reading, group, "meet"))
        reader_error(reader, group, "has no `meet`");
    selectors_read(reading, group, "meet", &rule, &rule.meets);
    selectors_read(reading, group, "cancel", &rule, &rule.cancels);
    selectors_read(reading, group, "pause", &rule, &rule.pauses);
    selectors_read(reading, group, "resume", &rule, &rule.resumes);
    selectors_read(reading, group, "change", &rule, &rule.changes);
    selectors_read(reading, group, "reopen", &rule, &rule.reopens);
    ok = read_due(reading, group, &rule) && ok;
    read_bounds(reading, group, &rule);
    read_calendar(reading, group, &rule);
    ok = read_ladder(reading, group, &rule) && ok;
    read_manners(reading, group, &rule);
    selectors_check(reading, group, &rule);
    recur_check(reading, group, &rule);
    if (reading->load)
        rule_check(reading, group, &rule);
    if (!ok || problems_met(reader->problems) > errors || reader->failed)
        return false;
    rule.text = rule_text(reader->arena, &rule);
    if (!rule.text) {
        reader_no_memory(reader);
        return false;
    }
    rule_fingerprint(rule.text, rule.fingerprint);
    *out = rule;
    return true;
}

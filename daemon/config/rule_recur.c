/* What opens more than one deadline: `every`, `until`, `for_each`, `among`, `catch_up` of `open`, and
 * `series`. */
#include "config/rule_read.h"

#include <string.h>

enum { SERIES_MAX = 16 };

/* ---- reading ---- */

static bool read_every(struct rule_reading *reading, const config_setting_t *setting, struct rule *rule)
{
    const char *text, *why = NULL;
    if (!reader_text(&reading->reader, setting, &text))
        return false;
    if (recurrence_parse(text, &rule->every, &why) == 0)
        return true;
    reader_refuse(&reading->reader, setting, text, why);
    return false;
}

static bool read_for_each(struct rule_reading *reading, const config_setting_t *setting, struct rule *rule)
{
    static const char *const words[] = {"department", "person"};
    int choice;
    if (!reader_choice(&reading->reader, setting, words, sizeof words / sizeof *words, &choice))
        return false;
    rule->for_each = choice == 0 ? FOR_EACH_DEPARTMENT : FOR_EACH_PERSON;
    return true;
}

static bool read_catch_up(struct rule_reading *reading, const config_setting_t *setting, struct rule *rule)
{
    static const char *const words[] = {"last", "all"};
    int choice;
    if (!reader_choice(&reading->reader, setting, words, sizeof words / sizeof *words, &choice))
        return false;
    rule->catch_up_all = choice == 1;
    return true;
}

static void refuse_misplaced(struct rule_reading *reading, const config_setting_t *group)
{
    static const char *const words[] = {"for_each", "among"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const config_setting_t *member = reader_member(group, words[i]);
        if (!member)
            continue;
        reader_error(&reading->reader, member, "stands inside of `open`");
        reader_hint(&reading->reader, "write open = { ...; %s = ...; };", words[i]);
    }
}

/* What the directory says of a department, or of a person and the person's department. */
static void known_attributes(struct rule_reading *reading, enum for_each for_each, struct names *known)
{
    static const char *const of_department[] = {"department", "id", "name", "parent", "head", "hrbp"};
    static const char *const of_person[] = {"person", "id", "name", "department", "manager", "language"};
    bool people = for_each == FOR_EACH_PERSON;
    const char *const *own = people ? of_person : of_department;
    const struct department *departments;
    size_t n = directory_departments(reading->config->directory, &departments);
    for (size_t i = 0; i < sizeof of_department / sizeof *of_department; i++)
        names_add(&reading->reader, known, own[i]);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < departments[i].attributes.n; k++)
            if (!names_have(known, departments[i].attributes.items[k].name))
                names_add(&reading->reader, known, departments[i].attributes.items[k].name);
}

static bool check_among(struct rule_reading *reading, const config_setting_t *among, const struct rule *rule)
{
    struct names known = {.n = 0};
    bool ok = true;
    if (!reading->load || reading->load->directory_incomplete)
        return true;
    known_attributes(reading, rule->for_each, &known);
    for (size_t i = 0; i < rule->among.n; i++) {
        if (names_have(&known, rule->among.items[i].field))
            continue;
        reader_unknown(&reading->reader, among, "attribute", rule->among.items[i].field, known.items,
                       known.n);
        ok = false;
    }
    return ok;
}

bool recur_read(struct rule_reading *reading, const config_setting_t *group, const config_setting_t *open,
                struct rule *rule)
{
    const config_setting_t *every = reader_member(open, "every"), *until = reader_member(open, "until");
    const config_setting_t *for_each = reader_member(open, "for_each"), *among = reader_member(open, "among");
    const config_setting_t *catch_up = reader_member(open, "catch_up");
    bool ok = true;
    refuse_misplaced(reading, group);
    if (!catch_up)
        catch_up = every ? rule_member(reading, group, "catch_up") : reader_member(group, "catch_up");
    if (every)
        ok = read_every(reading, every, rule);
    if (until)
        ok = span_read(reading, until, &rule->open_until) && ok;
    if (for_each)
        ok = read_for_each(reading, for_each, rule) && ok;
    ok = conditions_read(reading, open, "among", &rule->among) && ok;
    if (among && !for_each) {
        reader_error(&reading->reader, among,
                     "chooses among departments or people, but `for_each` is missing");
        return false;
    }
    if (among)
        ok = check_among(reading, among, rule) && ok;
    if (catch_up)
        ok = read_catch_up(reading, catch_up, rule) && ok;
    if (catch_up && !every) {
        reader_error(&reading->reader, catch_up, "is about periods, but `every` is missing");
        ok = false;
    }
    return ok;
}

static bool read_one_of_series(struct rule_reading *reading, const config_setting_t *setting,
                               struct due_case *out)
{
    char text[SPAN_TEXT_MAX];
    out->line = reader_line(setting);
    if (!span_read(reading, setting, &out->span))
        return false;
    out->name = copy_text(&reading->reader, span_format(&out->span, text));
    return true;
}

bool series_read(struct rule_reading *reading, const config_setting_t *setting, struct rule *rule)
{
    struct reader *reader = &reading->reader;
    bool is_list = config_setting_is_array(setting) || config_setting_is_list(setting);
    int length = is_list ? config_setting_length(setting) : 0;
    bool ok = true;
    if (length < 2 || length > SERIES_MAX) {
        reader_error(reader, setting, "must be a list of between 2 and %d spans", SERIES_MAX);
        if (length < 2)
            reader_hint(reader, "write `due` for one");
        return false;
    }
    struct due_case *cases = arena_alloc_array(reader->arena, (size_t)length, sizeof *cases);
    if (!cases) {
        reader_no_memory(reader);
        return false;
    }
    for (int i = 0; i < length; i++) {
        ok = read_one_of_series(reading, config_setting_get_elem(setting, (unsigned)i), &cases[i]) && ok;
        for (int k = 0; ok && k < i; k++) {
            if (strcmp(cases[k].name, cases[i].name) != 0)
                continue;
            reader_error(reader, setting, "\"%s\" stands here twice", cases[i].name);
            ok = false;
        }
    }
    rule->dues = cases;
    rule->n_dues = ok ? (size_t)length : 0;
    rule->is_series = true;
    return ok;
}

/* ---- what does not go together ---- */

static const config_setting_t *member_or(const config_setting_t *group, const char *name)
{
    const config_setting_t *member = reader_member(group, name);
    return member ? member : group;
}

/* Without an event there is nothing to count from, to choose by or to take a person from. */
static void check_by_clock(struct rule_reading *reading, const config_setting_t *group,
                           const config_setting_t *open, const struct rule *rule)
{
    static const char *const words[] = {"where", "from", "until"};
    struct reader *reader = &reading->reader;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const config_setting_t *member = reader_member(open, words[i]);
        if (member)
            reader_error(reader, member,
                         "is about an event, but the rule opens by the clock: `on` is missing");
    }
    if (recurrence_needs_anchor(&rule->every))
        reader_error(reader, member_or(open, "every"),
                     "counts from an event, but the rule opens by the clock: `on` is missing");
    for (size_t i = 0; i < rule->key.n; i++)
        if (!rule_gives_field(rule, rule->key.fields[i].name))
            reader_error(reader, member_or(group, "key"),
                         "the rule opens by the clock: no event brings the field `%s`",
                         rule->key.fields[i].name);
    for (size_t i = 0; i < rule->n_owners; i++)
        if (rule->owners[i].start == PATH_FIELD && !rule_gives_field(rule, rule->owners[i].name))
            reader_error(reader, member_or(group, "owner"),
                         "the rule opens by the clock: no event brings the field `%s`", rule->owners[i].name);
    if (rule->each_of)
        reader_error(reader, member_or(group, "owner"),
                     "the rule opens by the clock: no event brings the field `%s`", rule->each_of);
}

static bool key_has(const struct rule *rule, const char *name)
{
    for (size_t i = 0; i < rule->key.n; i++)
        if (strcmp(rule->key.fields[i].name, name) == 0)
            return true;
    return false;
}

static void check_for_each(struct rule_reading *reading, const config_setting_t *group,
                           const struct rule *rule)
{
    const char *member = rule->for_each == FOR_EACH_PERSON ? "person" : "department";
    if (rule->for_each == FOR_EACH_NOTHING)
        return;
    if (rule->key.n > 0 && !key_has(rule, member)) {
        reader_error(&reading->reader, member_or(group, "key"),
                     "there is one deadline for each %s, but the key does not name it", member);
        reader_hint(&reading->reader, "add \"%s\" to the key", member);
    }
}

static void warn_endless(struct rule_reading *reading, const config_setting_t *open, const struct rule *rule)
{
    if (!reading->load || !rule_recurs(rule) || rule->open_on.n == 0 || !span_is_none(&rule->open_until) ||
        rule->cancels.n > 0)
        return;
    reader_warning(&reading->reader, member_or(open, "every"),
                   "recurs for ever once an event has opened it: there is neither `until` nor `cancel`");
    reader_hint(&reading->reader, "write until = \"at:FIELD\" or a span such as \"6mo\" into `open`");
}

void recur_check(struct rule_reading *reading, const config_setting_t *group, const struct rule *rule)
{
    const config_setting_t *open = reader_member(group, "open");
    if (!open || !config_setting_is_group(open))
        return;
    check_for_each(reading, group, rule);
    warn_endless(reading, open, rule);
    if (rule_recurs(rule) && rule->open_on.n == 0 && !reader_member(open, "on"))
        check_by_clock(reading, group, open, rule);
    if (!span_is_none(&rule->open_until) && !rule_recurs(rule) && !reader_member(open, "every"))
        reader_error(&reading->reader, member_or(open, "until"),
                     "says until when the rule recurs, but `every` is missing");
}

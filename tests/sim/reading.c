#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_inside.h"

/* What one call of reading_judge works on. */
struct reading {
    struct oracle *oracle;
    int64_t now;
    size_t i; /* the record that is read */
};

void oracle_saw(void *data, const char *records)
{
    struct oracle *oracle = data;
    size_t n = strlen(records) + 3;
    char *text = malloc(n);
    json_error_t error;

    (void)snprintf(text, n, "[%s]", records);
    json_t *array = json_loads(text, 0, &error);
    if (array) {
        json_array_extend(oracle->records, array);
        json_decref(array);
    } else {
        oracle_complain(oracle, "the journal is no JSON: %s", error.text);
    }
    free(text);
}

static const char *text(const json_t *record, const char *key)
{
    const char *value = json_string_value(json_object_get(record, key));

    return value ? value : "";
}

static int64_t number(const json_t *record, const char *key)
{
    return json_integer_value(json_object_get(record, key));
}

static bool is(const json_t *record, const char *what)
{
    return strcmp(text(record, "e"), what) == 0;
}

static bool is_one_of(const char *what, const char *const *list)
{
    for (; *list; list++) {
        if (strcmp(what, *list) == 0) {
            return true;
        }
    }
    return false;
}

static json_t *record_at(const struct reading *reading, size_t i)
{
    return json_array_get(reading->oracle->records, i);
}

static struct affair *affair_of(const struct reading *reading, const json_t *record)
{
    for (size_t i = 0; i < reading->oracle->n; i++) {
        if (strcmp(reading->oracle->affairs[i].id, text(record, "d")) == 0) {
            return &reading->oracle->affairs[i];
        }
    }
    return NULL;
}

static int rung_of(const struct affair *affair, const char *name)
{
    for (size_t i = 0; i < laws[affair->which].n; i++) {
        if (strcmp(laws[affair->which].rungs[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* Short notice: no rung before due has a time from `since` on, so the first word leaves then. */
void reading_notice(struct affair *affair, int64_t since)
{
    const struct law *law = &laws[affair->which];

    affair->asked = NEVER;
    if (law->rungs[0].place != AT_NOTICE || affair->standing != OPEN || affair->due <= since) {
        return;
    }
    for (size_t i = 1; i < law->n; i++) {
        int64_t at = oracle_planned(affair, i);
        bool speaks = law->rungs[i].place == AT_OPENING || oracle_is_before_due(&law->rungs[i]);

        if (speaks && at != NEVER && at >= since) {
            return;
        }
    }
    affair->asked = since;
    affair->fired[0] = 0;
}

/* -- openings, closings, changes -- */

static void read_opening(const struct reading *reading, const json_t *record)
{
    struct oracle *oracle = reading->oracle;
    char identity[64];

    for (size_t i = 0; i < oracle->n; i++) {
        struct affair *affair = &oracle->affairs[i];
        (void)snprintf(identity, sizeof identity, "%s|%s", laws[affair->which].name, affair->key);
        if (affair->id[0] || strcmp(identity, text(record, "k")) != 0 ||
            strcmp(affair->owner, text(record, "owner")) != 0) {
            continue;
        }
        (void)snprintf(affair->id, sizeof affair->id, "%s", text(record, "d"));
        if (json_object_get(record, "due") && affair->due != number(record, "due")) {
            oracle_complain(oracle, "%s %s opened with a due %+lld min off", affair->id, identity,
                            (long long)(number(record, "due") - affair->due) / MINUTE);
        }
        oracle->got++;
        return;
    }
    oracle_complain(oracle, "%s opened for %s: nothing should", text(record, "k"), text(record, "owner"));
}

static void read_closing(const struct reading *reading, const json_t *record, struct affair *affair)
{
    if (affair->standing != CLOSED || affair->ended || strcmp(affair->how, text(record, "e")) != 0) {
        oracle_complain(reading->oracle, "%s %s ended as %s, should have as %s%s", affair->id,
                        laws[affair->which].name, text(record, "e"),
                        affair->standing == CLOSED ? affair->how : "nothing",
                        affair->ended ? " (again)" : "");
    }
    affair->ended = true;
    reading->oracle->got++;
}

static void read_change(const struct reading *reading, const json_t *record, const struct affair *affair)
{
    reading->oracle->got++;
    if (json_object_get(record, "due") && !is(record, "changed") && number(record, "due") != affair->due) {
        oracle_complain(reading->oracle, "%s %s: its due is %+lld min off", affair->id, text(record, "e"),
                        (long long)(number(record, "due") - affair->due) / MINUTE);
    }
}

/* -- steps -- */

static bool is_acked(const struct affair *affair, const char *person, int64_t now)
{
    for (size_t i = 0; i < affair->n_acked; i++) {
        if (strcmp(affair->acked[i], person) == 0 && affair->acked_until[i] > now) {
            return true;
        }
    }
    return false;
}

/* One who must hear of a step has a notification, a dead letter or a good reason why not, in the same breath.
 */
static void check_recipient(const struct reading *reading, const struct affair *affair, const char *step,
                            const char *person)
{
    static const char *const answers[] = {"queued", "skipped", "dead", NULL};
    const char *reader = company_reader(person, reading->now);
    bool late =
        strcmp(person, affair->owner) == 0; /* then somebody above him hears of it, or it is said why not */
    int found = 0;

    for (size_t i = reading->i + 1; i < json_array_size(reading->oracle->records); i++) {
        const json_t *record = record_at(reading, i);
        const char *to = text(record, "to");
        if (strcmp(text(record, "d"), affair->id) != 0 || strcmp(text(record, "s"), step) != 0) {
            continue;
        }
        if (is(record, "step")) {
            break; /* the next firing of a step that repeats */
        }
        if (!is_one_of(text(record, "e"), answers) ||
            (!late && strcmp(to, person) != 0 && strcmp(to, reader) != 0)) {
            continue;
        }
        found++;
        if (is(record, "skipped") && !late && strcmp(person, "boss") != 0 &&
            !is_acked(affair, person, reading->now) && !is_acked(affair, reader, reading->now)) {
            oracle_complain(reading->oracle, "%s %s: %s was skipped: %s", affair->id, step, person,
                            text(record, "why"));
        }
    }
    if (found == 0) {
        oracle_complain(reading->oracle, "%s %s: nothing for %s", affair->id, step, person);
    }
}

static void check_recipients(const struct reading *reading, const struct affair *affair,
                             const struct law_rung *rung)
{
    const char *up = company_up(affair->department);

    if (rung->to & OWNER) {
        check_recipient(reading, affair, rung->name, affair->owner);
    }
    if (rung->to & REQUESTER) {
        check_recipient(reading, affair, rung->name, affair->requester);
    }
    if (rung->to & HEAD) {
        check_recipient(reading, affair, rung->name, company_head(affair->department));
    }
    if (rung->to & UP && up) {
        check_recipient(reading, affair, rung->name, up);
    }
    if (rung->to & DIRECTOR) {
        check_recipient(reading, affair, rung->name, "wang.qiang");
    }
}

static bool may_speak(const struct affair *affair, const struct law_rung *rung, int64_t now)
{
    return (!rung->urgent_only || affair->urgent) && !(oracle_is_before_due(rung) && affair->due <= now);
}

static void read_step(const struct reading *reading, const json_t *record, struct affair *affair)
{
    int step = rung_of(affair, text(record, "s"));
    const struct law_rung *rung = step < 0 ? NULL : &laws[affair->which].rungs[step];
    bool speaks = is(record, "step");

    if (!rung || affair->standing != OPEN || oracle_planned(affair, (size_t)step) != number(record, "at") ||
        (number(record, "at") > reading->now)) {
        oracle_complain(
            reading->oracle, "%s %s %s: it was not its time (%+lld min)", affair->id, text(record, "e"),
            text(record, "s"),
            rung ? (long long)(number(record, "at") - oracle_planned(affair, (size_t)step)) / MINUTE : 0);
        return;
    }
    if (speaks != may_speak(affair, rung, reading->now) && !is(record, "superseded")) {
        oracle_complain(reading->oracle, "%s %s %s: the other thing was right", affair->id, text(record, "e"),
                        rung->name);
    }
    affair->fired[step]++;
    if (speaks) {
        check_recipients(reading, affair, rung);
    }
}

/* A step may only give way to one that is sent in the same breath, or to its due, or to the opening. */
static void check_superseded(const struct reading *reading, const json_t *record, const struct affair *affair)
{
    int step = rung_of(affair, text(record, "s"));
    const struct law_rung *rung = step < 0 ? NULL : &laws[affair->which].rungs[step];

    if (!rung || !may_speak(affair, rung, reading->now) ||
        (oracle_is_before_due(rung) && strcmp(text(record, "why"), "before the opening") == 0)) {
        return;
    }
    for (size_t i = 0; i < json_array_size(reading->oracle->records); i++) {
        const json_t *other = record_at(reading, i);
        if (is(other, "step") && strcmp(text(other, "d"), affair->id) == 0 &&
            number(other, "at") >= number(record, "at")) {
            return;
        }
    }
    oracle_complain(reading->oracle, "%s %s: superseded, but nothing was sent instead", affair->id,
                    rung->name);
}

/* -- notifications -- */

static struct note *note_of(const struct reading *reading, const json_t *record)
{
    struct oracle *oracle = reading->oracle;

    for (size_t i = oracle->n_notes; i > 0; i--) {
        if (strcmp(oracle->notes[i - 1].id, text(record, "n")) == 0) {
            return &oracle->notes[i - 1];
        }
    }
    return NULL;
}

static void check_queued(const struct reading *reading, const struct affair *affair, const struct note *note)
{
    struct oracle *oracle = reading->oracle;
    bool late = strcmp(note->to, affair->owner) == 0;
    bool copied = false;

    if (strcmp(note->phase, "reminder") == 0 && affair->due <= reading->now) {
        oracle_complain(oracle, "%s reminds after due", note->id);
    }
    if (affair->ended && strcmp(note->phase, "closed") != 0) {
        oracle_complain(oracle, "%s speaks of what has been closed", note->id);
    }
    if (strcmp(note->phase, "escalation") != 0) {
        return;
    }
    if (late) {
        oracle_complain(oracle, "%s escalates %s to himself", note->id, note->to);
    }
    for (size_t i = 0; i < json_array_size(oracle->records); i++) {
        const json_t *record = record_at(reading, i);
        const char *to = text(record, "to");
        copied = copied ||
                 (strcmp(text(record, "d"), affair->id) == 0 && strcmp(text(record, "s"), note->step) == 0 &&
                  (strcmp(to, affair->owner) == 0 ||
                   strcmp(to, company_reader(affair->owner, reading->now)) == 0));
    }
    if (!copied) {
        oracle_complain(oracle, "%s escalates behind the back of %s", note->id, affair->owner);
    }
}

static void read_queued(const struct reading *reading, const json_t *record, const struct affair *affair)
{
    struct oracle *oracle = reading->oracle;
    struct note *note = &oracle->notes[oracle->n_notes++];
    int step = rung_of(affair, text(record, "s"));

    *note =
        (struct note){.affair = (size_t)(affair - oracle->affairs), .copy = json_object_get(record, "copy")};
    (void)snprintf(note->id, sizeof note->id, "%s", text(record, "n"));
    (void)snprintf(note->to, sizeof note->to, "%s", text(record, "to"));
    (void)snprintf(note->step, sizeof note->step, "%s", text(record, "s"));
    (void)snprintf(note->phase, sizeof note->phase, "%s", text(record, "phase"));
    check_queued(reading, affair, note);
    if (step >= 0 && affair->fired[step] > 1 && is_acked(affair, note->to, reading->now)) {
        oracle_complain(oracle, "%s repeats what %s has acknowledged", note->id, note->to);
    }
}

static void check_claim(const struct reading *reading, const struct note *note)
{
    const struct affair *affair = &reading->oracle->affairs[note->affair];
    bool closing = strcmp(note->phase, "closed") == 0;

    if (note->state != WAITING || (affair->ended && !closing) || (affair->standing == STOPPED && !closing) ||
        (strcmp(note->phase, "reminder") == 0 && affair->due < reading->now && affair->overdue)) {
        oracle_complain(reading->oracle, "%s (%s) must not leave now", note->id, note->phase);
    }
}

/* "superseded" is true of a message only if another one speaks to the same person, or if its time is over. */
static void check_withdrawal(const struct reading *reading, const struct note *note, const json_t *record)
{
    const struct affair *affair = &reading->oracle->affairs[note->affair];

    if (strcmp(text(record, "why"), "superseded") != 0 ||
        (strcmp(note->phase, "reminder") == 0 && affair->due <= reading->now)) {
        return;
    }
    for (const struct note *later = note + 1; later < reading->oracle->notes + reading->oracle->n_notes;
         later++) {
        if (later->affair == note->affair && strcmp(later->to, note->to) == 0) {
            return;
        }
    }
    oracle_complain(reading->oracle, "%s to %s (%s) was superseded by nothing", note->id, note->to,
                    note->step);
}

static void tell(struct affair *affair, const struct note *note)
{
    for (size_t i = 0; i < affair->n_told; i++) {
        if (strcmp(affair->told[i], note->to) == 0) {
            return;
        }
    }
    if (note->to[0] && affair->n_told < TOLD_MAX) {
        (void)snprintf(affair->told[affair->n_told++], NAME_SIZE, "%s", note->to);
    }
}

static void read_note(const struct reading *reading, const json_t *record)
{
    static const char *const verdicts[] = {"retry",         "backoff",   "reauth", "refused",
                                           "misconfigured", "uncertain", NULL};
    struct note *note = note_of(reading, record);

    if (!note || note->state == GONE) {
        oracle_complain(reading->oracle, "%s: %s after its end", text(record, "n"), text(record, "e"));
    } else if (is(record, "claimed")) {
        check_claim(reading, note);
        note->state = CLAIMED;
    } else if (is(record, "held")) {
        note->state = HELD;
    } else if (is_one_of(text(record, "e"), verdicts)) {
        if (note->state != CLAIMED) {
            oracle_complain(reading->oracle, "%s: a verdict without a claim", note->id);
        }
        note->state = WAITING;
    } else if (is(record, "delivered")) {
        note->state = GONE;
        note->delivered = true;
        tell(&reading->oracle->affairs[note->affair], note);
    } else if (is(record, "withdrawn")) {
        check_withdrawal(reading, note, record);
        note->state = GONE;
    } else if (is(record, "dead")) {
        note->state = GONE;
        note->dead = true;
    }
}

/* Whoever was told hears that it is over: not who ended it, and not an owner who did what he owed. */
static void check_told(const struct reading *reading, const struct affair *affair, const char *by)
{
    bool met = strncmp(affair->how, "met", 3) == 0;
    if (laws[affair->which].rungs[laws[affair->which].n - 1].place != AT_CLOSING) {
        return;
    }
    for (size_t i = 0; i < affair->n_told; i++) {
        bool is_owner = strcmp(affair->told[i], affair->owner) == 0;
        if (strcmp(affair->told[i], by) != 0 && !(met && is_owner)) {
            check_recipient(reading, affair, "closed", affair->told[i]);
        }
    }
}

/* -- all of it -- */

static void read_record(const struct reading *reading, const json_t *record)
{
    static const char *const closings[] = {"met", "met_late", "cancelled", "waived", NULL};
    static const char *const changes[] = {"paused", "resumed", "changed", "restarted", "owner", NULL};
    static const char *const steps[] = {"step", "superseded", NULL};
    const char *what = text(record, "e");
    struct affair *affair = affair_of(reading, record);

    if (is(record, "opened")) {
        read_opening(reading, record);
    } else if (is(record, "command") || is(record, "ack") || !text(record, "d")[0]) {
        return;
    } else if (!affair) {
        oracle_complain(reading->oracle, "%s speaks of %s, which never opened", what, text(record, "d"));
    } else if (is_one_of(what, closings)) {
        check_told(reading, affair, text(record, "by"));
        read_closing(reading, record, affair);
    } else if (is_one_of(what, changes)) {
        read_change(reading, record, affair);
    } else if (is(record, "woke")) {
        affair->standing = OPEN;
        reading_notice(affair, affair->wake);
    } else if (is(record, "overdue")) {
        if (affair->overdue || affair->due > reading->now || affair->standing != OPEN) {
            oracle_complain(reading->oracle, "%s is overdue: again, or too early", affair->id);
        }
        affair->overdue = true;
    } else if (is_one_of(what, steps) || (is(record, "skipped") && json_object_get(record, "at"))) {
        read_step(reading, record, affair);
    } else if (is(record, "queued")) {
        read_queued(reading, record, affair);
    } else if (json_object_get(record, "n")) {
        read_note(reading, record);
    }
}

void reading_judge(struct oracle *oracle, int64_t now)
{
    struct reading reading = {oracle, now, 0};

    for (; reading.i < json_array_size(oracle->records); reading.i++) {
        read_record(&reading, record_at(&reading, reading.i));
    }
    for (reading.i = 0; reading.i < json_array_size(oracle->records); reading.i++) {
        const json_t *record = record_at(&reading, reading.i);
        const struct affair *affair = affair_of(&reading, record);
        if (affair && is(record, "superseded")) {
            check_superseded(&reading, record, affair);
        }
    }
    json_array_extend(oracle->spoken, oracle->records);
    json_array_clear(oracle->records);
}

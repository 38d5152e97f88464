#include "notification.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json_members.h"

const char *notification_state_name(enum notification_state state)
{
    static const char *const names[] = {"queued", "claimed", "held"};
    return names[state];
}

const char *verdict_name(enum verdict_kind kind)
{
    static const char *const names[] = {"delivered", "retry",         "backoff",  "reauth",
                                        "refused",   "misconfigured", "uncertain"};
    return names[kind];
}

bool notification_is_pointless(const struct notification *notification)
{
    return notification->deadline == NULL && notification->phase != PHASE_CLOSED;
}

/* By hand: it is asked for with every look at what a deadline has under way. */
void notification_number(const char *deadline, int32_t number, char into[static NOTIFICATION_ID_MAX])
{
    char digits[12];
    size_t n = strnlen(deadline, DEADLINE_ID_MAX - 1), at = sizeof digits;
    uint32_t rest = number < 0 ? 0 : (uint32_t)number;

    static_assert(DEADLINE_ID_MAX + sizeof digits < NOTIFICATION_ID_MAX, "an id has room for both");
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    memcpy(into, deadline, n);
    into[n++] = '-';
    memcpy(into + n, digits + at, sizeof digits - at);
    into[n + sizeof digits - at] = '\0';
}

void notification_destroy(struct notification *notification)
{
    if (!notification) {
        return;
    }
    free(notification->rule);
    free(notification->step);
    free(notification->message);
    free(notification->to);
    free(notification->on_behalf);
    free(notification->stands_for);
    free(notification->channel);
    free(notification->title);
    free(notification->body);
    free(notification);
}

static void encode_claim(const struct notification *notification, struct json_writer *json)
{
    if (notification->state != NOTIFICATION_CLAIMED) {
        return;
    }
    json_key_int(json, "ends", notification->ends);
    json_key_int(json, "life", (int64_t)notification->life);
    json_key_text(json, "with", notification->with[0] ? notification->with : NULL);
}

/* `watched` is in the claim itself while it lasts. */
static void encode_trouble(const struct notification *notification, struct json_writer *json)
{
    if (notification->uncertain > 0) {
        json_key_int(json, "uncertain", notification->uncertain);
    }
    if (notification->lost > 0) {
        json_key_int(json, "lost", notification->lost);
    }
    if (notification->deaths > 0) {
        json_key_int(json, "deaths", notification->deaths);
    }
    if (notification->alone) {
        json_key_bool(json, "alone", true);
    }
    if (notification->watched && notification->state == NOTIFICATION_QUEUED) {
        json_key_bool(json, "watched", true);
    }
}

void notification_encode(const struct notification *notification, struct buffer *out)
{
    struct json_writer json;

    json_begin(&json, out);
    json_object(&json);
    json_key_text(&json, "d", notification->deadline_id);
    json_key_text(&json, "rule", notification->rule);
    json_key_text(&json, "step", notification->step);
    json_key_text(&json, "phase", phase_name(notification->phase));
    json_key_text(&json, "message", notification->message);
    json_key_text(&json, "to", notification->to);
    json_key_text(&json, "on_behalf", notification->on_behalf);
    json_key_text(&json, "stands_for", notification->stands_for);
    json_key_text(&json, "via", notification->channel);
    json_key_text(&json, "state", notification_state_name(notification->state));
    json_key_int(&json, "queued", notification->queued);
    json_key_int(&json, "from", notification->from);
    if (notification->again != INSTANT_NONE) {
        json_key_int(&json, "again", notification->again);
    }
    json_key_int(&json, "not_before", notification->not_before);
    json_key_int(&json, "expires", notification->expires);
    encode_claim(notification, &json);
    if (notification->attempts > 0) {
        json_key_int(&json, "attempts", notification->attempts);
    }
    encode_trouble(notification, &json);
    if (notification->copy) {
        json_key_bool(&json, "copy", true);
    }
    if (notification->urgent) {
        json_key_bool(&json, "urgent", true);
    }
    if (notification->fell_back) {
        json_key_bool(&json, "fell_back", true);
    }
    json_key_text(&json, "title", notification->title);
    json_key_text(&json, "body", notification->body);
    json_object_end(&json);
}

struct reading {
    struct notification *notification;
    char *deadline, *phase, *state, *with;
    int64_t attempts, uncertain, lost, deaths, life;
};

static bool read_member(void *data, struct json_scanner *scanner)
{
    struct reading *reading = data;
    struct notification *note = reading->notification;
    const struct json_member members[] = {
        {"d", .text = &reading->deadline},
        {"rule", .text = &note->rule},
        {"step", .text = &note->step},
        {"phase", .text = &reading->phase},
        {"message", .text = &note->message},
        {"to", .text = &note->to},
        {"on_behalf", .text = &note->on_behalf},
        {"stands_for", .text = &note->stands_for},
        {"via", .text = &note->channel},
        {"state", .text = &reading->state},
        {"queued", .number = &note->queued},
        {"from", .number = &note->from},
        {"again", .number = &note->again},
        {"not_before", .number = &note->not_before},
        {"expires", .number = &note->expires},
        {"ends", .number = &note->ends},
        {"attempts", .number = &reading->attempts},
        {"uncertain", .number = &reading->uncertain},
        {"lost", .number = &reading->lost},
        {"deaths", .number = &reading->deaths},
        {"life", .number = &reading->life},
        {"with", .text = &reading->with},
        {"alone", .flag = &note->alone},
        {"watched", .flag = &note->watched},
        {"copy", .flag = &note->copy},
        {"urgent", .flag = &note->urgent},
        {"fell_back", .flag = &note->fell_back},
        {"title", .text = &note->title},
        {"body", .text = &note->body},
    };
    int read = json_read_member(scanner, NULL, members, sizeof members / sizeof *members);

    return read > 0 || (read == 0 && json_skip(scanner)); /* a member that a later version writes */
}

static bool parse_phase(const char *name, enum phase *out)
{
    for (int i = PHASE_ASKED; i <= PHASE_CLOSED; i++) {
        if (strcmp(name, phase_name((enum phase)i)) == 0) {
            *out = (enum phase)i;
            return true;
        }
    }
    return false;
}

static bool parse_state(const char *name, enum notification_state *out)
{
    for (int i = NOTIFICATION_QUEUED; i <= NOTIFICATION_HELD; i++) {
        if (strcmp(name, notification_state_name((enum notification_state)i)) == 0) {
            *out = (enum notification_state)i;
            return true;
        }
    }
    return false;
}

/* An older daemon kept only what followed: what nobody has tried waits for its step, else for a verdict. */
static void give_causes(struct notification *note)
{
    if (note->from == INSTANT_NONE) {
        note->from = note->queued;
        note->again = note->attempts > 0 || note->fell_back ? note->not_before : INSTANT_NONE;
    }
}

static bool complete(struct reading *reading)
{
    struct notification *note = reading->notification;

    if (!reading->deadline || !reading->phase || !reading->state || !note->rule || !note->step ||
        !note->message || !note->to || !note->channel ||
        strlen(reading->deadline) >= sizeof note->deadline_id ||
        (reading->with && strlen(reading->with) >= sizeof note->with)) {
        return false;
    }
    if (reading->with) {
        memcpy(note->with, reading->with, strlen(reading->with) + 1);
    }
    memcpy(note->deadline_id, reading->deadline, strlen(reading->deadline) + 1);
    note->attempts = (int32_t)reading->attempts;
    note->uncertain = (int32_t)reading->uncertain;
    give_causes(note);
    note->lost = (int32_t)reading->lost;
    note->deaths = (int32_t)reading->deaths;
    note->life = (uint64_t)reading->life;
    return parse_phase(reading->phase, &note->phase) && parse_state(reading->state, &note->state);
}

int notification_decode(const char *id, const char *json, size_t n, struct notification **out,
                        const char **why)
{
    struct reading reading = {.notification = calloc(1, sizeof *reading.notification)};
    int error = 0;

    if (!reading.notification) {
        return -ENOMEM;
    }
    agenda_entry_init(&reading.notification->agenda);
    reading.notification->from = reading.notification->again = INSTANT_NONE;
    agenda_entry_init(&reading.notification->watch);
    if (strlen(id) >= sizeof reading.notification->id || !json_read_object(json, n, read_member, &reading) ||
        !complete(&reading)) {
        *why = "not the JSON of a notification";
        error = -EINVAL;
    } else {
        memcpy(reading.notification->id, id, strlen(id) + 1);
        *out = reading.notification;
        reading.notification = NULL;
    }
    notification_destroy(reading.notification);
    free(reading.deadline);
    free(reading.phase);
    free(reading.state);
    free(reading.with);
    return error;
}

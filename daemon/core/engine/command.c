#include <errno.h>
#include <string.h>

#include "following.h"
#include "state.h"

enum { ACK_DEFAULT_DAYS = 2 };

/* What became of a command, for whoever waits for it. */
static void answer(struct turn *turn, const struct deadline *deadline, const char *why)
{
    struct journal_record record;
    char at[STREAM_ID_TEXT_MAX];

    journal_begin(&record, turn->changes, "command");
    json_key_text(&record.json, "d", deadline ? deadline->id : fields_get(&turn->event->fields, "deadline"));
    json_key_text(&record.json, "r", deadline ? deadline->rule->name : NULL);
    json_key_text(&record.json, "type", turn->event->type);
    json_key_text(&record.json, "event", stream_id_format(turn->event->at, at));
    json_key_text(&record.json, "by", fields_get(&turn->event->fields, "by"));
    json_key_bool(&record.json, "ok", why == NULL);
    json_key_text(&record.json, "why", why);
    journal_end(&record);
}

static const char *by_whom(const struct turn *turn)
{
    const char *by = fields_get(&turn->event->fields, "by");

    return by ? by : "";
}

static bool instant_field(const struct turn *turn, const char *name, instant *out)
{
    const char *text = fields_get(&turn->event->fields, name);

    return text && instant_parse(text, out);
}

static void ack(struct turn *turn, struct deadline *deadline)
{
    const char *to = fields_get(&turn->event->fields, "to");
    instant until = turn->now + ACK_DEFAULT_DAYS * DAY_MS;
    struct journal_record record;

    if (!to) {
        to = by_whom(turn);
    }
    if (fields_get(&turn->event->fields, "until") && !instant_field(turn, "until", &until)) {
        answer(turn, deadline, "`until` is not an RFC 3339 time");
        return;
    }
    if (!to[0]) {
        answer(turn, deadline, "`to`, whose repeats shall stop, is missing");
        return;
    }
    if (deadline_ack(deadline, to, until)) {
        turn->changes->failed = true;
        return;
    }
    journal_begin_deadline(&record, turn->changes, "ack", deadline);
    json_key_text(&record.json, "by", by_whom(turn));
    json_key_text(&record.json, "to", to);
    json_key_int(&record.json, "until", until);
    journal_end(&record);
    answer(turn, deadline, NULL);
    state_put_deadline(turn, deadline);
}

static void finish(struct turn *turn, struct deadline *deadline, bool done)
{
    struct closing_cause cause = {
        .how = CLOSED_CANCELLED,
        .at = turn->event->time,
        .by = by_whom(turn),
        .note = fields_get(&turn->event->fields, "note"),
    };

    if (done) {
        if (fields_get(&turn->event->fields, "at") && !instant_field(turn, "at", &cause.at)) {
            answer(turn, deadline, "`at` is not an RFC 3339 time");
            return;
        }
        cause.how = closing_met(deadline, cause.at);
    }
    answer(turn, deadline, NULL);
    closing_close(turn, deadline, &cause);
}

size_t command_estimate(struct turn *turn)
{
    const char *id = fields_get(&turn->event->fields, "deadline");
    struct deadline *deadline = id ? state_find_deadline(turn->engine, id) : NULL;

    return deadline ? following_estimate(turn, &deadline, 1) : 0;
}

int command_serve(struct turn *turn)
{
    const char *id = fields_get(&turn->event->fields, "deadline");
    struct deadline *deadline = id ? state_find_deadline(turn->engine, id) : NULL;
    const char *type = turn->event->type;

    if (strcmp(type, "cuiban.clock") == 0) { /* the store takes it from here */
        answer(turn, NULL, NULL);
    } else if (!deadline) {
        answer(turn, NULL, id ? "no open deadline has this number" : "the field `deadline` is missing");
    } else if (strcmp(type, "cuiban.ack") == 0) {
        ack(turn, deadline);
    } else if (strcmp(type, "cuiban.done") == 0) {
        finish(turn, deadline, true);
    } else if (strcmp(type, "cuiban.cancel") == 0) {
        finish(turn, deadline, false);
    } else {
        answer(turn, deadline, "this version does not know the command");
    }
    return 0;
}

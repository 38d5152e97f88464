#include "cli/holding.h"

#include <string.h>

enum { PAUSES_MAX = DEADLINE_PAUSES_MAX };

struct pauses {
    struct pause items[PAUSES_MAX];
    size_t n;
};

/* The journal has them for closed deadlines, too. */
static void read_pauses(const struct life *life, struct pauses *out)
{
    out->n = 0;
    if (life->open != NULL) {
        out->n = life->open->n_pauses < PAUSES_MAX ? life->open->n_pauses : PAUSES_MAX;
        if (out->n > 0)
            memcpy(out->items, life->open->pauses, out->n * sizeof(out->items[0]));
        return;
    }
    for (size_t i = 0; i < life->n_records; i++) {
        const struct history_record *record = &life->records[i];
        instant at = history_int(record, "at", record->now);

        if (strcmp(record->what, "paused") == 0 && out->n < PAUSES_MAX)
            out->items[out->n++] = (struct pause){at, INSTANT_NEVER};
        else if (strcmp(record->what, "resumed") == 0 && out->n > 0)
            out->items[out->n - 1].to = at;
    }
}

static int64_t measure(const struct calendar *calendar, instant from, instant to)
{
    if (to <= from)
        return 0;
    return calendar == NULL ? to - from : calendar_working_ms(calendar, from, to);
}

/* The time between two instants less the pauses in it, elapsed (no calendar) or working. */
static int64_t net(const struct calendar *calendar, const struct pauses *pauses, instant from, instant to)
{
    int64_t ms = measure(calendar, from, to);

    for (size_t i = 0; i < pauses->n; i++) {
        const struct pause *pause = &pauses->items[i];

        ms -= measure(calendar, pause->from > from ? pause->from : from, pause->to < to ? pause->to : to);
    }
    return ms > 0 ? ms : 0;
}

static bool changes_owner(const struct history_record *record)
{
    return strcmp(record->what, "owner") == 0 || strcmp(record->what, "reassigned") == 0;
}

static instant end_of(const struct life *life, instant now)
{
    if (life->open != NULL)
        return now;
    return life->closed;
}

static instant begin_of(const struct life *life)
{
    return life->open != NULL ? life->open->start : life->opened;
}

size_t holding_list(const struct life *life, const struct config *config, instant now,
                    struct holding out[static HOLDINGS_MAX])
{
    const struct calendar *calendar = life_calendar(life, config);
    instant from = begin_of(life), to = end_of(life, now);
    struct pauses pauses;
    size_t n = 0;

    if (from == INSTANT_NONE || to == INSTANT_NONE || from > to)
        return 0;
    out[n++] = (struct holding){.person = life->owner, .from = from};
    for (size_t i = 0; i < life->n_records; i++) {
        const char *owner = fields_get(&life->records[i].fields, "owner");

        if (!changes_owner(&life->records[i]) || owner == NULL)
            continue;
        out[n - 1].to = life->records[i].now > from ? life->records[i].now : from;
        n += n < HOLDINGS_MAX;
        out[n - 1] = (struct holding){.person = owner, .from = out[n > 1 ? n - 2 : 0].to};
    }
    out[n - 1].to = to > out[n - 1].from ? to : out[n - 1].from;
    read_pauses(life, &pauses);
    for (size_t i = 0; i < n; i++) {
        out[i].elapsed_ms = net(NULL, &pauses, out[i].from, out[i].to);
        out[i].working_ms = calendar == NULL ? 0 : net(calendar, &pauses, out[i].from, out[i].to);
    }
    return n;
}

#include "store/keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/stream_name.h"

static const char *const suffixes[KEY_STREAM] = {
    [KEY_LEASE] = "lease",         [KEY_HEAD] = "head",     [KEY_DEADLINES] = "deadlines",
    [KEY_CLOSED] = "closed",       [KEY_EARLY] = "early",   [KEY_SEEN] = "seen",
    [KEY_SCHEDULES] = "schedules", [KEY_RULES] = "rules",   [KEY_OUTBOX] = "outbox",
    [KEY_STATS] = "stats",         [KEY_DEAD] = "dead",     [KEY_JOURNAL] = "journal",
    [KEY_COMMANDS] = "commands",   [KEY_HEALTH] = "health",
};

static char *join(const char *before, const char *stream, const char *between, const char *suffix)
{
    size_t room = strlen(before) + strlen(stream) + strlen(between) + strlen(suffix) + 1;
    char *name = malloc(room);
    if (!name)
        return NULL;
    (void)snprintf(name, room, "%s%s%s%s", before, stream, between, suffix);
    return name;
}

int keys_init(struct keys *keys, const char *stream, const char **why)
{
    *keys = (struct keys){0};
    *why = stream_name_problem(stream);
    if (*why)
        return -EINVAL;
    bool tagged = stream_name_has_tag(stream);
    for (int key = 0; key < KEY_STREAM; key++)
        keys->names[key] = join(tagged ? "cuiban:" : "cuiban:{", stream, tagged ? ":" : "}:", suffixes[key]);
    keys->names[KEY_STREAM] = strdup(stream);
    for (int key = 0; key < KEY_NAMES; key++) {
        if (!keys->names[key]) {
            keys_finish(keys);
            return -ENOMEM;
        }
    }
    return 0;
}

void keys_finish(struct keys *keys)
{
    for (int key = 0; key < KEY_NAMES; key++)
        free(keys->names[key]);
    *keys = (struct keys){0};
}

enum key_name key_of_table(enum change_table table)
{
    static const enum key_name names[TABLES] = {
        [TABLE_DEADLINES] = KEY_DEADLINES, [TABLE_CLOSED] = KEY_CLOSED,       [TABLE_EARLY] = KEY_EARLY,
        [TABLE_SEEN] = KEY_SEEN,           [TABLE_SCHEDULES] = KEY_SCHEDULES, [TABLE_RULES] = KEY_RULES,
        [TABLE_OUTBOX] = KEY_OUTBOX,       [TABLE_STATS] = KEY_STATS,         [TABLE_DEAD] = KEY_DEAD,
        [TABLE_HEAD] = KEY_HEAD,
    };
    return names[table];
}

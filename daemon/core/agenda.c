#include "agenda.h"

#include <stdlib.h>

enum { AGENDA_ROOM_MIN = 64 };

void agenda_init(struct agenda *agenda)
{
    *agenda = (struct agenda){0};
}

void agenda_finish(struct agenda *agenda)
{
    free(agenda->heap);
    *agenda = (struct agenda){0};
}

void agenda_entry_init(struct agenda_entry *entry)
{
    *entry = (struct agenda_entry){.at = INSTANT_NEVER, .place = AGENDA_ABSENT};
}

static void put(struct agenda *agenda, size_t i, struct agenda_entry *entry)
{
    agenda->heap[i] = entry;
    entry->place = (uint32_t)i;
}

static void sift_up(struct agenda *agenda, size_t i, struct agenda_entry *entry)
{
    while (i > 0 && agenda->heap[(i - 1) / 2]->at > entry->at) {
        put(agenda, i, agenda->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(agenda, i, entry);
}

static void sift_down(struct agenda *agenda, size_t i, struct agenda_entry *entry)
{
    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= agenda->n) {
            break;
        }
        if (child + 1 < agenda->n && agenda->heap[child + 1]->at < agenda->heap[child]->at) {
            child++;
        }
        if (agenda->heap[child]->at >= entry->at) {
            break;
        }
        put(agenda, i, agenda->heap[child]);
        i = child;
    }
    put(agenda, i, entry);
}

static bool make_room(struct agenda *agenda)
{
    if (agenda->n < agenda->room) {
        return true;
    }
    size_t room = agenda->room ? agenda->room * 2 : AGENDA_ROOM_MIN;
    struct agenda_entry **heap = realloc(agenda->heap, room * sizeof(*heap));
    if (!heap) {
        return false;
    }
    agenda->heap = heap;
    agenda->room = room;
    return true;
}

bool agenda_set(struct agenda *agenda, struct agenda_entry *entry, instant at)
{
    if (entry->place == AGENDA_ABSENT) {
        if (!make_room(agenda)) {
            return false;
        }
        entry->at = at;
        agenda->n++;
        sift_up(agenda, agenda->n - 1, entry);
        return true;
    }
    instant was = entry->at;
    entry->at = at;
    if (at < was) {
        sift_up(agenda, entry->place, entry);
    } else {
        sift_down(agenda, entry->place, entry);
    }
    return true;
}

void agenda_remove(struct agenda *agenda, struct agenda_entry *entry)
{
    size_t i = entry->place;

    if (i == AGENDA_ABSENT) {
        return;
    }
    entry->place = AGENDA_ABSENT;
    struct agenda_entry *last = agenda->heap[--agenda->n];
    if (last == entry) {
        return;
    }
    if (i > 0 && agenda->heap[(i - 1) / 2]->at > last->at) {
        sift_up(agenda, i, last);
    } else {
        sift_down(agenda, i, last);
    }
}

struct agenda_entry *agenda_first(const struct agenda *agenda)
{
    return agenda->n > 0 ? agenda->heap[0] : NULL;
}

bool agenda_check(const struct agenda *agenda)
{
    for (size_t i = 0; i < agenda->n; i++) {
        if (agenda->heap[i]->place != i || (i > 0 && agenda->heap[(i - 1) / 2]->at > agenda->heap[i]->at)) {
            return false;
        }
    }
    return true;
}

/* load.h: what the parts of one loading share. Lives from config_load's start to its end, or for one
 * config_parse_rule. */
#ifndef CUIBAN_CONFIG_LOAD_H
#define CUIBAN_CONFIG_LOAD_H

#include "config/config.h"
#include "config/reader.h"

enum {
    ZONES_MAX = 64,
    CALENDARS_MAX = 500,
    ROLES_MAX = 2000,
    CATALOGUE_MAX = 5000,
    CATALOGUE_FIELDS_MAX = 64, /* an event has no more */
};

/* A path of the settings: where it leads, and whether somebody wrote it. */
struct place_setting {
    const char *path;
    bool written;
};

struct load {
    struct reader reader;
    struct config *config;
    struct rule_policy policy;
    const struct config_choice *choice; /* or NULL */
    bool settings_are_sound;
    struct place_setting rules, calendars, directory, templates, events;
    const char *calendar;        /* the settings' key, or NULL */
    int calendar_line, gap_line; /* of the settings' keys, or 0 */
    struct texts ceiling;        /* as written: paths */
    int ceiling_line, catch_all_line;

    struct names channels, calendar_names, roles, posts, events_known;
    struct names weekless_names; /* calendars without any fault that can only be inherited */
    /* A file could not be read: what it defined must not be called unknown. */
    bool channels_incomplete, calendars_incomplete, directory_incomplete, catalogue_incomplete,
        templates_incomplete;

    struct calendar **weekless; /* calendars that can only be inherited */
    size_t n_weekless;
};

/* Finds or loads a zone; the config owns it. NULL if it was reported or memory ran out. */
const struct zone *load_zone(struct load *load, const config_setting_t *at, const char *name);
/* Two definitions of one name: reports both places. */
void load_duplicate(struct load *load, const config_setting_t *second, const config_setting_t *first);

#endif

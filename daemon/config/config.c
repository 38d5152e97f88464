#include "config/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/calendars.h"
#include "config/catalogue.h"
#include "config/load.h"
#include "config/people.h"
#include "config/rules.h"
#include "config/settings.h"
#include "config/templates.h"
#include "core/calendar.h"
#include "core/zone.h"

enum { ZONE_FILE_BYTES_MAX = 1024 * 1024 };

/* ---- zones ---- */

/* A name that stays inside the database: "Asia/Shanghai". */
static bool is_zone_name(const char *name)
{
    if (!isalpha((unsigned char)*name) || strstr(name, "..") || strlen(name) > 100)
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr("/_+-", *name))
            return false;
    return true;
}

int config_zone(const char *name, struct zone **out)
{
    if (!is_zone_name(name))
        return -EINVAL;
    const char *directory = getenv("TZDIR");
    if (!directory || *directory != '/')
        directory = "/usr/share/zoneinfo";
    char *path, *bytes;
    size_t n;
    if (asprintf(&path, "%s/%s", directory, name) < 0)
        return -ENOMEM;
    int error = reader_slurp(path, ZONE_FILE_BYTES_MAX, &bytes, &n);
    free(path);
    if (error == -ENOMEM)
        return error;
    if (error)
        return error == -ENOENT ? -ENOENT : -EINVAL;
    error = zone_parse(name, bytes, n, out);
    free(bytes);
    return error;
}

const struct zone *load_zone(struct load *load, const config_setting_t *at, const char *name)
{
    struct config *config = load->config;
    for (size_t i = 0; i < config->n_zones; i++)
        if (strcmp(zone_name(config->zones[i]), name) == 0)
            return config->zones[i];
    struct zone **zones = (struct zone **)config->zones;
    if (!zones)
        config->zones = zones = arena_alloc_array(load->reader.arena, ZONES_MAX, sizeof *zones);
    if (!zones) {
        reader_no_memory(&load->reader);
        return NULL;
    }
    if (config->n_zones == ZONES_MAX) {
        reader_error(&load->reader, at, "more than %d zones", ZONES_MAX);
        return NULL;
    }
    int error = config_zone(name, &zones[config->n_zones]);
    if (error == 0)
        return zones[config->n_zones++];
    if (error == -ENOMEM) {
        reader_no_memory(&load->reader);
        return NULL;
    }
    reader_error(&load->reader, at, "unknown zone \"%s\"", name);
    reader_hint(&load->reader, "write an IANA name such as \"Asia/Shanghai\"");
    return NULL;
}

/* ---- the whole ---- */

void load_duplicate(struct load *load, const config_setting_t *second, const config_setting_t *first)
{
    reader_error(&load->reader, second, "is defined twice; first in %s:%d", first ? reader_file(first) : "?",
                 first ? reader_line(first) : 0);
}

const struct calendar *config_calendar(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->n_calendars; i++)
        if (strcmp(calendar_name(config->calendars[i]), name) == 0)
            return config->calendars[i];
    return NULL;
}

void config_unload(struct config *config)
{
    if (!config)
        return;
    ruleset_destroy(config->rules);
    directory_destroy(config->directory);
    templates_destroy(config->templates);
    for (size_t i = 0; i < config->n_calendars; i++)
        calendar_destroy((struct calendar *)config->calendars[i]);
    for (size_t i = 0; i < config->n_zones; i++)
        zone_destroy(config->zones[i]);
    arena_destroy(config->arena);
    free(config);
}

static void read_all(struct load *load, const char *path)
{
    size_t errors = problems_met(load->reader.problems);
    if (!settings_load(load, path))
        return;
    load->settings_are_sound = problems_met(load->reader.problems) == errors;
    struct documents rules;
    documents_read(&load->reader, load->rules.path, true, &rules);
    calendars_load(load);
    people_load(load);
    catalogue_load(load, &rules);
    templates_load(load);
    if (!load->reader.failed) {
        settings_resolve(load);
        rules_load(load, &rules);
    }
    documents_finish(&rules);
    for (size_t i = 0; i < load->n_weekless; i++)
        calendar_destroy(load->weekless[i]);
}

static void read_calendars(struct load *load, const char *path)
{
    if (settings_load(load, path))
        calendars_load(load);
    for (size_t i = 0; i < load->n_weekless; i++)
        calendar_destroy(load->weekless[i]);
}

/* Enough to look at what a daemon does, though some file has errors. */
static bool is_usable(const struct load *load)
{
    const struct config *config = load->config;
    return load->choice && load->choice->despite_errors && load->settings_are_sound && config->rules &&
           config->directory && config->templates;
}

static int load_with(void (*read)(struct load *load, const char *path), const char *path,
                     const struct config_choice *choice, struct problems *problems, struct config **out)
{
    size_t errors = problems_met(problems);
    struct config *config = calloc(1, sizeof *config);
    struct arena *arena = config ? arena_create() : NULL;
    if (!arena) {
        free(config);
        return -ENOMEM;
    }
    config->arena = arena;
    struct load load = {.reader = {.arena = arena, .problems = problems}, .config = config, .choice = choice};
    load.reader.without_secrets = choice && choice->without_secrets;
    read(&load, path);
    problems_sort(problems);
    int error = load.reader.failed ? -ENOMEM : problems_met(problems) > errors ? -EINVAL : 0;
    config->is_faulty = error != 0;
    if (!error || (error == -EINVAL && is_usable(&load)))
        *out = config;
    else
        config_unload(config);
    return error;
}

int config_check_calendars(const char *path, struct problems *problems, size_t *n)
{
    struct config *config;
    int error = load_with(read_calendars, path, NULL, problems, &config);
    if (error)
        return error;
    *n = config->n_calendars;
    config_unload(config);
    return 0;
}

int config_load(const char *path, struct problems *problems, struct config **out)
{
    return config_load_choice(path, NULL, problems, out);
}

int config_load_choice(const char *path, const struct config_choice *choice, struct problems *problems,
                       struct config **out)
{
    struct config *config = NULL;
    int error = load_with(read_all, path, choice, problems, &config);
    if (!error && !config->rules) {
        config_unload(config);
        error = -ENOMEM;
    } else if (config) {
        *out = config;
    }
    return error;
}

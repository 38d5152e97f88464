/* config.h: the settings file and everything that it names: rules, calendars, directory, templates, event
 * catalogue.
 *
 * config_load reads all of it and reports every error of every file in one run. Nothing here logs; nothing is
 * kept open. The result is immutable and independent of the files. */
#ifndef CUIBAN_CONFIG_CONFIG_H
#define CUIBAN_CONFIG_CONFIG_H

#include "core/directory.h"
#include "core/problem.h"
#include "core/ruleset.h"
#include "core/template.h"

enum {
    RULE_NAME_BYTES_MAX = 80,
    CONFIG_STREAMS_MAX = 64,
    CONFIG_CHANNELS_MAX = 200,
    CONFIG_FILE_BYTES_MAX = 8 * 1024 * 1024
};

/* One entry of `channels`. Options that the host itself understands are taken out; the rest goes to the
 * plugin. */
struct channel_setting {
    const char *name;
    const char *plugin;   /* "wecom": PLUGINS/wecom.so; or an absolute path */
    const char *fallback; /* channel name, or NULL */
    const char *rate;     /* "18/min", or NULL: the plugin's */
    int32_t concurrency;  /* requests at once; default 4 */
    enum uncertain_policy uncertain;
    struct quiet quiet; /* its own quiet hours, or QUIET_UNSAID */
    const char *file;
    int line;
    struct fields
        options; /* "@/path" values have been read from their file; names never logged with values */
};

struct settings {
    const char *file; /* absolute path of the settings file */
    const char *redis;
    struct texts streams;
    const char *home;    /* the stream whose shard opens by the clock; one of `streams` */
    const char *start;   /* first start of a shard: "now", "begin" or a stream id */
    const char *plugins; /* directory */
    const struct channel_setting *channels;
    size_t n_channels;
    const char *web_listen;              /* "127.0.0.1:9560", or NULL: no web */
    const char *log_level;               /* "info" */
    int64_t journal_ms;                  /* how long the journal is kept; default 90 days */
    int64_t retry_base_ms, retry_cap_ms; /* default 5 s, 10 min */
    int64_t lease_ms;                    /* time to live of a shard's lease; default 30 s */
    int64_t attempt_ms;                  /* the time limit of one attempt; default 10 s */
};

/* One event type of the catalogue (events.d). */
enum field_kind {
    FIELD_TEXT,
    FIELD_INT,
    FIELD_BOOL,
    FIELD_DATE,
    FIELD_TIME,
    FIELD_PERSON,
    FIELD_PERSONS,
    FIELD_DEPARTMENT
};
const char *field_kind_name(enum field_kind kind); /* as the catalogue writes it: "text", "int", ... */
struct catalogue_field {
    const char *name;
    enum field_kind kind;
    bool required;
    bool is_private;
};
struct catalogue_event {
    const char *name, *type, *summary;
    const struct catalogue_field *fields;
    size_t n_fields;
    const char *file;
    int line;
};
struct catalogue {
    const struct catalogue_event *events; /* by type */
    size_t n;
};
const struct catalogue_event *catalogue_find(const struct catalogue *catalogue, const char *type);
/* The type that was probably meant, or NULL. */
const char *catalogue_nearest(const struct catalogue *catalogue, const char *type);

struct config {
    struct arena *arena; /* of everything that the parts below do not own themselves */
    bool is_faulty;      /* what had errors is left out (despite_errors) */
    struct settings settings;
    struct catalogue catalogue;
    struct ruleset *rules;
    struct directory *directory;
    struct templates *templates;
    const struct calendar *const *calendars; /* by name */
    size_t n_calendars;
    struct zone *const *zones; /* what the calendars stand on */
    size_t n_zones;
};

struct rule_words;
/* What to read instead of what the settings name (absolute, or from the working directory; NULL: as there),
 * for those who only play with the rules. */
struct config_choice {
    const char *rules, *calendars, *directory;
    bool without_secrets;     /* "@/path" values stay as they are written: nothing will be sent */
    bool despite_errors;      /* what is sound is given beside -EINVAL, if the settings file itself is */
    struct rule_words *words; /* or NULL: filled in for the rule that it names (config/rule_words.h) */
};

/* 0, or -EINVAL if there were errors (all of them are in `problems`, warnings too), -ENOMEM. `*out` is
 * written on success, and on -EINVAL as `despite_errors` says. */
int config_load(const char *path, struct problems *problems, struct config **out);
int config_load_choice(const char *path, const struct config_choice *choice, struct problems *problems,
                       struct config **out);
/* The settings and the calendars alone, and how many calendars there are. Returns what config_load would. */
int config_check_calendars(const char *path, struct problems *problems, size_t *n);
void config_unload(struct config *config); /* NULL is fine. Not `destroy`: libconfig exports that name. */

/* The rule that a text from base:rules means, on this config's calendars. The rule lives in `arena`. -EINVAL.
 */
int config_parse_rule(const struct config *config, struct arena *arena, const char *text,
                      const struct rule **out);

/* Whether a rule may be called so: letters, digits, _ and -, and no word that means something else in the
 * files. */
bool config_is_rule_name(const char *name);

const struct calendar *config_calendar(const struct config *config, const char *name);

/* What can be checked only once the plugins are loaded and ruleset_set_channels was called: channels that
 * rules, people and departments name; group channels under audience = "direct"; recipients without any
 * address. */
void config_check_channels(const struct config *config, struct problems *problems);

/* Warnings about what is allowed and probably not meant, seen from today: steps that are never sent or leave
 * together, posts that nobody holds, dues that no calendar knows. Messages that a channel cuts need
 * ruleset_set_channels. */
void config_lint(const struct config *config, instant now, struct problems *problems);

/* Loads a zone by IANA name from the system's database (TZDIR, else /usr/share/zoneinfo). 0, -ENOENT,
 * -EINVAL. */
int config_zone(const char *name, struct zone **out);

#endif

#include "config/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/channels.h"
#include "config/listen.h"
#include "core/address.h"
#include "core/calendar.h"
#include "core/event.h"
#include "core/stream_name.h"

enum {
    SEEN_MAX_DEFAULT = 1000000,
    CLOSED_MAX_DEFAULT = 200000,
    EARLY_MAX_DEFAULT = 100000,
    OUTBOX_MAX_DEFAULT = 100000,
    BOUND_MAX = 100000000, /* what the four above may be set to */
};

static const char *const keys[] = {
    "redis",   "streams",   "start",      "rules",    "calendars", "directory",  "templates",
    "events",  "plugins",   "zone",       "language", "channel",   "calendar",   "catch_all",
    "ceiling", "step_time", "quiet",      "gap",      "grace",     "seen",       "closed",
    "journal", "expires",   "closed_max", "seen_max", "early_max", "outbox_max", "channels",
    "web",     "log",       "retry",      "attempt",  "lease",     "home",
};

static void read_place(struct load *load, const config_setting_t *root, const char *key, const char *usual,
                       struct place_setting *out)
{
    const config_setting_t *at = reader_member(root, key);
    const char *name = usual;
    out->written = at && reader_text(&load->reader, at, &name);
    out->path = reader_path(&load->reader, load->config->settings.file, name);
}

static void choose_place(const char *chosen, struct place_setting *out)
{
    if (chosen)
        *out = (struct place_setting){.path = chosen, .written = true};
}

static void read_places(struct load *load, const config_setting_t *root)
{
    struct settings *settings = &load->config->settings;
    read_place(load, root, "rules", "rules.d", &load->rules);
    read_place(load, root, "calendars", "calendars.d", &load->calendars);
    read_place(load, root, "directory", "directory.d", &load->directory);
    read_place(load, root, "templates", "templates", &load->templates);
    read_place(load, root, "events", "events.d", &load->events);
    if (load->choice) {
        choose_place(load->choice->rules, &load->rules);
        choose_place(load->choice->calendars, &load->calendars);
        choose_place(load->choice->directory, &load->directory);
    }
    const config_setting_t *plugins = reader_member(root, "plugins");
    const char *name;
    settings->plugins = CUIBAN_PLUGINS_DIR;
    if (plugins && reader_text(&load->reader, plugins, &name))
        settings->plugins = reader_path(&load->reader, settings->file, name);
}

static void check_stream(struct load *load, const config_setting_t *at, const struct texts *streams, size_t i)
{
    const char *name = streams->items[i], *why = stream_name_problem(name);
    if (why)
        reader_refuse(&load->reader, at, name, why);
    for (size_t k = 0; k < i; k++)
        if (strcmp(streams->items[k], name) == 0)
            reader_error(&load->reader, at, "\"%s\" stands here twice", name);
}

/* Where rules open by the clock: the first stream, unless another is named. */
static void read_home(struct load *load, const config_setting_t *root)
{
    struct settings *settings = &load->config->settings;
    const struct texts *streams = &settings->streams;
    const config_setting_t *home = reader_member(root, "home");
    settings->home = streams->n > 0 ? streams->items[0] : "";
    if (!home || !reader_text(&load->reader, home, &settings->home))
        return;
    for (size_t i = 0; i < streams->n; i++)
        if (strcmp(streams->items[i], settings->home) == 0)
            return;
    reader_unknown(&load->reader, home, "stream", settings->home, streams->items, streams->n);
    reader_hint(&load->reader,
                "home is one of `streams`: the one whose events meet the rules that open by the clock");
}

/* What people write who leave the beginning out; not more than that is repeated, it may hold a password. */
static void hint_address(struct reader *reader, const char *text)
{
    if (*text == '/' && !strpbrk(text, "@?"))
        reader_hint(reader, "write \"unix:%s\"", text);
    else if (*text && *text != ':' && !strpbrk(text, "@/ "))
        reader_hint(reader, "write \"redis://%s\"", text);
    else
        reader_hint(reader, "write \"unix:/path/to/socket\" or \"redis://host:port/db\"");
}

static void read_address(struct load *load, const config_setting_t *redis)
{
    struct reader *reader = &load->reader;
    const char **text = &load->config->settings.redis, *why = NULL;
    struct address address = {0};
    if (!reader_option(reader, redis, text))
        return;
    bool from_file =
        config_setting_type(redis) == CONFIG_TYPE_STRING && *config_setting_get_string(redis) == '@';
    if (from_file && reader->without_secrets)
        return;
    int error = address_parse(*text, &address, &why);
    if (error == -ENOMEM)
        reader_no_memory(reader);
    else if (error)
        reader_error(reader, redis, "%s", problem_text(reader->problems, why));
    if (error == -EINVAL)
        hint_address(reader, from_file ? "" : *text);
    address_finish(&address);
}

static void read_redis(struct load *load, const config_setting_t *root)
{
    struct settings *settings = &load->config->settings;
    struct reader *reader = &load->reader;
    const config_setting_t *redis = reader_member(root, "redis"), *streams = reader_member(root, "streams");
    const config_setting_t *start = reader_member(root, "start");
    settings->redis = "";
    if (!redis)
        problem_error(reader->problems, settings->file, 0, "redis: is missing");
    else
        read_address(load, redis);
    if (!streams)
        problem_error(reader->problems, settings->file, 0, "streams: is missing");
    else if (reader_texts(reader, streams, &settings->streams)) {
        if (settings->streams.n == 0 || settings->streams.n > CONFIG_STREAMS_MAX)
            reader_error(reader, streams, "must name between 1 and %d streams", CONFIG_STREAMS_MAX);
        for (size_t i = 0; i < settings->streams.n; i++)
            check_stream(load, streams, &settings->streams, i);
    }
    struct stream_id id;
    settings->start = "now";
    if (start && reader_text(reader, start, &settings->start) && strcmp(settings->start, "now") != 0 &&
        strcmp(settings->start, "begin") != 0 && !stream_id_parse(settings->start, &id))
        reader_error(reader, start, "\"%s\" is not \"now\", \"begin\" or the id of a stream entry",
                     settings->start);
}

static void read_step_time(struct load *load, const config_setting_t *root)
{
    const config_setting_t *at = reader_member(root, "step_time");
    const char *text;
    load->policy.step_minute = 600;
    if (!at || !reader_text(&load->reader, at, &text))
        return;
    unsigned hour = 99, minute = 99;
    if (strlen(text) == 5 && text[2] == ':' && strspn(text, "0123456789:") == 5) {
        hour = (unsigned)strtoul(text, NULL, 10);
        minute = (unsigned)strtoul(text + 3, NULL, 10);
    }
    if (hour < 24 && minute < 60) {
        load->policy.step_minute = (int32_t)(hour * 60 + minute);
        return;
    }
    reader_error(&load->reader, at, "\"%s\" is no time of day", text);
    reader_hint(&load->reader, "write \"10:00\"");
}

static void read_manners(struct load *load, const config_setting_t *root)
{
    const config_setting_t *gap = reader_member(root, "gap");
    load->policy.gap = (struct span){.unit = SPAN_WORKING, .count = 4 * HOUR_MS};
    reader_get_quiet(&load->reader, root, &load->policy.quiet);
    if (gap && reader_gap(&load->reader, gap, &load->policy.gap))
        load->gap_line = reader_line(gap);
}

static void read_times(struct load *load, const config_setting_t *root)
{
    struct settings *settings = &load->config->settings;
    struct rule_policy *policy = &load->policy;
    struct reader *reader = &load->reader;
    policy->grace_ms = 2 * SECOND_MS;
    policy->seen_ms = 7 * DAY_MS;
    policy->closed_ms = 100 * DAY_MS;
    policy->expires_max_ms = 3 * DAY_MS;
    policy->closed_max = CLOSED_MAX_DEFAULT;
    policy->seen_max = SEEN_MAX_DEFAULT;
    policy->early_max = EARLY_MAX_DEFAULT;
    policy->outbox_max = OUTBOX_MAX_DEFAULT;
    settings->journal_ms = 90 * DAY_MS;
    settings->attempt_ms = 10 * SECOND_MS;
    settings->lease_ms = 30 * SECOND_MS;
    reader_get_duration(reader, root, "grace", &policy->grace_ms);
    reader_get_duration(reader, root, "seen", &policy->seen_ms);
    reader_get_duration(reader, root, "closed", &policy->closed_ms);
    reader_get_duration(reader, root, "expires", &policy->expires_max_ms);
    reader_get_duration(reader, root, "journal", &settings->journal_ms);
    reader_get_duration(reader, root, "attempt", &settings->attempt_ms);
    reader_get_duration(reader, root, "lease", &settings->lease_ms);
    reader_get_count(reader, root, "closed_max", BOUND_MAX, &policy->closed_max);
    reader_get_count(reader, root, "seen_max", BOUND_MAX, &policy->seen_max);
    reader_get_count(reader, root, "early_max", BOUND_MAX, &policy->early_max);
    reader_get_count(reader, root, "outbox_max", BOUND_MAX, &policy->outbox_max);
    if (settings->lease_ms < SECOND_MS || settings->lease_ms > 5 * MINUTE_MS)
        reader_error(reader, reader_member(root, "lease"), "must be between 1s and 5m");
    if (settings->attempt_ms < SECOND_MS || settings->attempt_ms > 20 * SECOND_MS)
        reader_error(reader, reader_member(root, "attempt"), "must be between 1s and 20s");
    else if (settings->attempt_ms > settings->lease_ms * 2 / 3)
        reader_error(reader, reader_member(root, "lease"),
                     "must be at least one and a half times `attempt` (%lld ms)",
                     (long long)settings->attempt_ms);
}

static void read_retry(struct load *load, const config_setting_t *root)
{
    static const char *const retry_keys[] = {"base", "cap"};
    struct settings *settings = &load->config->settings;
    const config_setting_t *retry = reader_member(root, "retry");
    settings->retry_base_ms = 5 * SECOND_MS;
    settings->retry_cap_ms = load->policy.cut_out_ms = 10 * MINUTE_MS;
    if (!retry || !reader_is_group(&load->reader, retry))
        return;
    reader_check_keys(&load->reader, retry, retry_keys, 2);
    reader_get_duration(&load->reader, retry, "base", &settings->retry_base_ms);
    reader_get_duration(&load->reader, retry, "cap", &settings->retry_cap_ms);
    load->policy.cut_out_ms = settings->retry_cap_ms;
    if (settings->retry_base_ms < 1 || settings->retry_cap_ms < settings->retry_base_ms)
        reader_error(&load->reader, retry, "`cap` must not be shorter than `base`, and `base` not 0");
}

static void read_listen(struct load *load, const config_setting_t *web)
{
    const char **text = &load->config->settings.web_listen;
    const config_setting_t *listen = reader_member(web, "listen");
    struct sockaddr_storage address;
    socklen_t n;
    if (!listen || !reader_text(&load->reader, listen, text) || listen_parse(*text, &address, &n))
        return;
    reader_error(&load->reader, listen, "\"%s\" is not an address and a port", *text);
    reader_hint(&load->reader, "write numbers: \"127.0.0.1:9560\" or \"[::1]:9560\"");
}

static void read_web_and_log(struct load *load, const config_setting_t *root)
{
    static const char *const web_keys[] = {"listen"}, *const log_keys[] = {"level"};
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    struct settings *settings = &load->config->settings;
    const config_setting_t *web = reader_member(root, "web"), *log = reader_member(root, "log");
    int level = 2;
    if (web && reader_is_group(&load->reader, web)) {
        reader_check_keys(&load->reader, web, web_keys, 1);
        read_listen(load, web);
    }
    if (log && config_setting_is_group(log)) {
        reader_check_keys(&load->reader, log, log_keys, 1);
        log = reader_member(log, "level");
    }
    if (log)
        reader_choice(&load->reader, log, levels, sizeof levels / sizeof *levels, &level);
    settings->log_level = levels[level];
}

static void read_organisation(struct load *load, const config_setting_t *root)
{
    struct reader *reader = &load->reader;
    struct rule_policy *policy = &load->policy;
    const config_setting_t *zone = reader_member(root, "zone"), *calendar = reader_member(root, "calendar");
    const config_setting_t *ceiling = reader_member(root, "ceiling"),
                           *catch_all = reader_member(root, "catch_all");
    const config_setting_t *channel = reader_member(root, "channel");
    const char *name = "Asia/Shanghai";
    if (zone)
        reader_text(reader, zone, &name);
    policy->zone = load_zone(load, zone ? zone : root, name);
    policy->language = "zh-CN";
    reader_get_text(reader, root, "language", &policy->language);
    if (channel && reader_text(reader, channel, &policy->channel) && !load->channels_incomplete &&
        !names_have(&load->channels, policy->channel))
        reader_unknown(reader, channel, "channel", policy->channel, load->channels.items, load->channels.n);
    if (calendar && reader_text(reader, calendar, &load->calendar))
        load->calendar_line = reader_line(calendar);
    if (ceiling && reader_texts(reader, ceiling, &load->ceiling))
        load->ceiling_line = reader_line(ceiling);
    if (catch_all && reader_text(reader, catch_all, &policy->catch_all))
        load->catch_all_line = reader_line(catch_all);
}

bool settings_load(struct load *load, const char *path)
{
    struct settings *settings = &load->config->settings;
    struct documents documents;
    char *absolute = realpath(path, NULL);
    settings->file = arena_strdup(load->reader.arena, absolute ? absolute : path);
    free(absolute);
    if (!settings->file) {
        reader_no_memory(&load->reader);
        return false;
    }
    documents_read(&load->reader, settings->file, true, &documents);
    bool ok = documents.n == 1;
    if (ok) {
        const config_setting_t *root = document_root(documents.items[0]);
        reader_check_keys(&load->reader, root, keys, sizeof keys / sizeof *keys);
        read_places(load, root);
        read_redis(load, root);
        read_home(load, root);
        channels_read(load, reader_member(root, "channels"));
        read_organisation(load, root);
        read_step_time(load, root);
        read_manners(load, root);
        read_times(load, root);
        read_retry(load, root);
        read_web_and_log(load, root);
    }
    documents_finish(&documents);
    return ok;
}

/* ---- what needs the other files ---- */

/* Reports on a path of the settings; the file itself is closed by now. */
static bool read_path(struct load *load, const char *key, int line, const char *text, struct path *out)
{
    struct problems *problems = load->reader.problems;
    const char *why = NULL, *file = load->config->settings.file;
    int error = path_parse(load->reader.arena, text, out, &why);
    if (error == -ENOMEM)
        reader_no_memory(&load->reader);
    else if (error)
        problem_error(problems, file, line, "%s: \"%s\": %s", key, text, problem_text(problems, why));
    else if (out->start != PATH_ROLE && out->start != PATH_PERSON)
        problem_error(problems, file, line, "%s: \"%s\" must begin with role: or person:", key, text);
    else if (!load->directory_incomplete && out->start == PATH_ROLE &&
             !directory_role(load->config->directory, out->name)) {
        const char *nearest = problem_nearest(out->name, load->roles.items, load->roles.n);
        problem_error(problems, file, line, "%s: unknown role `%s`", key, out->name);
        if (nearest)
            problem_hint(problems, "did you mean `%s`?", nearest);
    } else if (!load->directory_incomplete && out->start == PATH_PERSON &&
               !directory_person(load->config->directory, out->name)) {
        problem_error(problems, file, line, "%s: unknown person `%s`", key, out->name);
    } else {
        return true;
    }
    return false;
}

static void resolve_ceiling(struct load *load)
{
    static const struct fields nothing = {NULL, 0};
    struct path_context context = {.directory = load->config->directory,
                                   .fields = &nothing,
                                   .owner = "",
                                   .department = "",
                                   .day = INT32_MIN};
    const char **ids =
        arena_alloc_array(load->reader.arena, (load->ceiling.n + 1) * PATH_RESULT_MAX, sizeof *ids);
    size_t n = 0;
    if (!ids) {
        reader_no_memory(&load->reader);
        return;
    }
    for (size_t i = 0; i < load->ceiling.n; i++) {
        struct path path;
        const char *why, *people[PATH_RESULT_MAX];
        if (!read_path(load, "ceiling", load->ceiling_line, load->ceiling.items[i], &path))
            continue;
        size_t found = path_people(&path, &context, people, &why);
        for (size_t k = 0; k < found; k++)
            ids[n++] = people[k];
    }
    load->policy.ceiling = (struct texts){ids, n};
}

static void resolve_calendar(struct load *load)
{
    struct config *config = load->config;
    struct problems *problems = load->reader.problems;
    if (!load->calendar) {
        if (config->n_calendars == 1)
            load->policy.calendar = config->calendars[0];
        return;
    }
    load->policy.calendar = config_calendar(config, load->calendar);
    if (load->policy.calendar || load->calendars_incomplete)
        return;
    bool weekless = names_have(&load->weekless_names, load->calendar);
    if (weekless)
        problem_error(problems, config->settings.file, load->calendar_line,
                      "calendar: the calendar `%s` has no hours: it can only be inherited", load->calendar);
    if (weekless || names_have(&load->calendar_names, load->calendar))
        return;
    const char *nearest = problem_nearest(load->calendar, load->calendar_names.items, load->calendar_names.n);
    problem_error(problems, config->settings.file, load->calendar_line, "calendar: unknown calendar `%s`",
                  load->calendar);
    if (nearest)
        problem_hint(problems, "did you mean `%s`?", nearest);
}

void settings_resolve(struct load *load)
{
    if (load->policy.catch_all && !read_path(load, "catch_all", load->catch_all_line, load->policy.catch_all,
                                             &load->policy.catch_all_path))
        load->policy.catch_all = NULL;
    resolve_ceiling(load);
    resolve_calendar(load);
}

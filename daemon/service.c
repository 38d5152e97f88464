#include "service.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "delivery/plugin_host.h"
#include "web/metrics.h"

struct service {
    struct service_options options;
    struct edition *edition;
    struct edition *before;      /* what ran until the last reload; deadlines may still stand by it */
    const struct config *config; /* of the edition */
    struct plugin_channel **channels;
    size_t n_channels;
    struct delivery *delivery;
    struct shard **shards;
    size_t n_shards;
    size_t closing; /* shards still to close */
    bool told_owned;
    bool stopped_shard; /* one has stopped for good */
    int64_t limit_ms;
    void (*on_stopped)(void *data);
    void *on_stopped_data;
};

/* -- opening -- */

static void plugin_log(void *data, int priority, const char *text)
{
    const struct service *service = data;

    log_line(service->options.log, priority, "%s", text);
}

static int open_channel(struct service *service, const struct channel_setting *setting,
                        struct problems *problems)
{
    char error[512] = "";
    struct plugin_channel_options options = {
        .name = setting->name,
        .plugin = setting->plugin,
        .directory = service->config->settings.plugins,
        .rate = setting->rate,
        .fallback = setting->fallback,
        .concurrency = setting->concurrency,
        .uncertain = setting->uncertain,
        .quiet = setting->quiet,
        .options = setting->options,
        .language = problems->language,
        .log = plugin_log,
        .log_data = service,
    };

    int result = plugin_channel_open(&options, &service->channels[service->n_channels], error, sizeof error);
    if (!result) {
        service->n_channels++;
    } else if (result != -ENOMEM) {
        problem_error(problems, setting->file, setting->line, "%s", error);
        result = -EINVAL;
    }
    return result;
}

static int open_channels(struct service *service, struct problems *problems)
{
    const struct settings *settings = &service->config->settings;
    struct channel_facts facts[CONFIG_CHANNELS_MAX];
    int error = 0;

    service->channels = calloc(settings->n_channels + 1, sizeof(*service->channels));
    if (!service->channels) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < settings->n_channels; i++) {
        int one = open_channel(service, &settings->channels[i], problems);
        error = one ? one : error;
    }
    if (error) {
        return error;
    }
    for (size_t i = 0; i < service->n_channels; i++) {
        plugin_channel_facts(service->channels[i], &facts[i]);
    }
    return ruleset_set_channels(service->config->rules, facts, service->n_channels);
}

int service_open(const struct service_options *options, struct edition *take, struct problems *problems,
                 struct service **out)
{
    struct service *service = calloc(1, sizeof *service);

    if (!service) {
        edition_destroy(take);
        return -ENOMEM;
    }
    service->options = *options;
    service->edition = take;
    service->config = edition_config(take);
    int error = open_channels(service, problems);
    if (!error) {
        config_check_channels(service->config, problems);
        error = problems->errors > 0 ? -EINVAL : 0;
    }
    if (error) {
        service_destroy(service);
        return error;
    }
    *out = service;
    return 0;
}

void service_destroy(struct service *service)
{
    if (!service) {
        return;
    }
    for (size_t i = 0; i < service->n_channels; i++) {
        plugin_channel_close(service->channels[i]);
    }
    free(service->channels);
    free(service->shards);
    edition_destroy(service->edition);
    edition_destroy(service->before);
    free(service);
}

const struct config *service_config(const struct service *service)
{
    return service->config;
}

struct edition *service_edition(const struct service *service)
{
    return service->edition;
}

/* -- what delivery needs of the shards -- */

static const struct engine *port_engine(void *data, void *shard)
{
    const struct service *service = data;

    progress_doing(service->options.progress, "delivery looks what may leave");
    return shard_engine(shard);
}

static instant port_now(void *data, void *shard)
{
    (void)data;
    return shard_now(shard);
}

static void port_claim(void *data, void *shard, const char *const *ids, size_t n, int64_t limit_ms,
                       void (*done)(void *context, const char *const *ids, size_t n), void *context)
{
    const struct service *service = data;

    progress_doing(service->options.progress, "delivery asks for a claim");
    shard_claim(shard, ids, n, limit_ms, done, context);
}

static void port_verdict(void *data, void *shard, const char *const *ids, size_t n,
                         const struct verdict *verdict)
{
    const struct service *service = data;

    progress_doing(service->options.progress, "delivery tells a verdict");
    shard_verdict(shard, ids, n, verdict);
}

static void port_refuse(void *data, void *shard, const char *id, const char *reason)
{
    (void)data;
    shard_refuse(shard, id, reason);
}

/* -- what the shards tell -- */

static void shard_on_owned(void *data, struct shard *shard)
{
    struct service *service = data;

    log_line(service->options.log, LOG_NOTICE, "stream=%s: this daemon owns it now", shard_stream(shard));
    if (service->delivery) {
        delivery_add(service->delivery, shard);
    }
    if (!service->told_owned && service->options.on_owned) {
        service->told_owned = true;
        service->options.on_owned(service->options.data, shard_now(shard));
    }
}

static void shard_on_lost(void *data, struct shard *shard)
{
    struct service *service = data;

    log_line(service->options.log, LOG_WARNING, "stream=%s: no longer owned; standing by",
             shard_stream(shard));
    if (service->delivery) {
        delivery_drop(service->delivery, shard);
    }
}

static void shard_on_committed(void *data, struct shard *shard, const struct buffer *queued,
                               const struct buffer *withdrawn)
{
    struct service *service = data;

    progress_doing(service->options.progress, "a shard tells what is committed");
    if (service->delivery) {
        delivery_news(service->delivery, shard, queued, withdrawn);
    }
}

static void shard_on_stopped(void *data, struct shard *shard, const char *reason)
{
    struct service *service = data;

    service->stopped_shard = true;
    log_line(service->options.log, LOG_ERR, "stream=%s: stopped for good: %s", shard_stream(shard), reason);
}

static void shard_on_starved(void *data, struct shard *shard)
{
    const struct service *service = data;

    log_line(service->options.log, LOG_CRIT,
             "stream=%s: this daemon ends for want of memory, to be started again", shard_stream(shard));
    if (service->options.on_failed) {
        service->options.on_failed(service->options.data);
    }
}

static void shard_on_log(void *data, struct shard *shard, int priority, const char *text)
{
    const struct service *service = data;

    (void)shard; /* the text names its stream */
    log_line(service->options.log, priority, "%s", text);
}

/* -- running -- */

static int start_delivery(struct service *service)
{
    const struct settings *settings = &service->config->settings;
    struct delivery_options options = {
        .loop = service->options.loop,
        .channels = (const struct plugin_channel *const *)service->channels,
        .n_channels = service->n_channels,
        .attempt_ms = settings->attempt_ms,
        .retry_base_ms = settings->retry_base_ms,
        .retry_cap_ms = settings->retry_cap_ms,
        .speed = service->options.speed.factor > 1 ? service->options.speed.factor : 1,
    };
    struct delivery_ports ports = {
        .data = service,
        .engine = port_engine,
        .now = port_now,
        .claim = port_claim,
        .verdict = port_verdict,
        .refuse = port_refuse,
        .log = plugin_log,
    };

    service->delivery = delivery_create(&options, &ports);
    return service->delivery ? 0 : -ENOMEM;
}

static struct engine_parts parts_of(const struct service *service, const char *stream)
{
    return (struct engine_parts){
        .rules = service->config->rules,
        .people = service->config->directory,
        .templates = service->config->templates,
        .parse_rule = edition_parse,
        .parse_data = service->edition,
        .is_home = strcmp(stream, service->config->settings.home) == 0,
    };
}

static int start_shard(struct service *service, const char *stream, char *error, size_t error_room)
{
    const struct settings *settings = &service->config->settings;
    struct shard_options options = {
        .loop = service->options.loop,
        .redis = settings->redis,
        .stream = stream,
        .start = settings->start,
        .journal_ms = settings->journal_ms,
        .grace_ms = ruleset_policy(service->config->rules)->grace_ms,
        .lease_ms = settings->lease_ms,
        .speed = service->options.speed,
        .parts = parts_of(service, stream),
    };
    struct shard_hooks hooks = {
        .data = service,
        .on_owned = shard_on_owned,
        .on_lost = shard_on_lost,
        .on_committed = shard_on_committed,
        .on_stopped = shard_on_stopped,
        .on_starved = shard_on_starved,
        .on_log = shard_on_log,
    };
    const char *why = "out of memory";

    int result = shard_create(&options, &hooks, &service->shards[service->n_shards], &why);
    if (result) {
        (void)snprintf(error, error_room, "stream \"%s\": %s", stream, why);
        return result;
    }
    service->n_shards++;
    return 0;
}

int service_start(struct service *service, char *error, size_t error_room)
{
    const struct texts *streams = &service->config->settings.streams;
    int result = start_delivery(service);

    (void)snprintf(error, error_room, "out of memory");
    free(service->shards);
    service->shards = calloc(streams->n + 1, sizeof(*service->shards));
    if (!service->shards) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < streams->n && !result; i++) {
        result = start_shard(service, streams->items[i], error, error_room);
    }
    return result;
}

static void on_shard_closed(void *data)
{
    struct service *service = data;

    if (--service->closing == 0) {
        service->on_stopped(service->on_stopped_data);
    }
}

/* Verdicts of the last attempts still want to be committed: the shards close after the delivery. */
static void on_delivery_closed(void *data)
{
    struct service *service = data;

    service->delivery = NULL;
    service->closing = service->n_shards + 1;
    for (size_t i = 0; i < service->n_shards; i++) {
        shard_close(service->shards[i], service->limit_ms, on_shard_closed, service);
    }
    service->n_shards = 0;
    on_shard_closed(service);
}

void service_stop(struct service *service, int64_t limit_ms, void (*done)(void *data), void *data)
{
    service->on_stopped = done;
    service->on_stopped_data = data;
    service->limit_ms = limit_ms;
    if (service->delivery) {
        delivery_close(service->delivery, limit_ms, on_delivery_closed, service);
    } else {
        on_delivery_closed(service);
    }
}

/* -- other files -- */

static bool has_version(const void *data, const char *fingerprint)
{
    const struct service *service = data;

    for (size_t i = 0; i < service->n_shards; i++) {
        const struct engine *engine = shard_engine(service->shards[i]);

        if (engine && engine_has_version(engine, fingerprint)) {
            return true;
        }
    }
    return false;
}

void service_forget_texts(struct service *service)
{
    edition_forget(service->edition, has_version, service);
}

static void report_vanishing(const struct service *service, const struct shard *shard,
                             const struct vanishing *vanishing, struct problems *problems)
{
    const struct rule *rule = ruleset_find(service->config->rules, vanishing->rule);

    problem_error(problems, rule ? rule->file : NULL, rule ? rule->line : 0,
                  "rule \"%s\" has %zu open deadlines in %s and cannot vanish", vanishing->rule,
                  vanishing->open, shard_stream(shard));
    problem_hint(
        problems,
        "put it back with `retired = true;`: it opens nothing new, and what is open goes on; remove it "
        "when `cuibanctl list rule=%s` is empty",
        vanishing->rule);
}

bool service_can_follow(const struct service *service, const struct edition *edition,
                        struct problems *problems)
{
    enum { VANISHING_MAX = 50 };
    struct vanishing vanishing[VANISHING_MAX];
    size_t errors = problems->errors;

    for (size_t i = 0; i < service->n_shards; i++) {
        const struct engine *engine = shard_engine(service->shards[i]);
        size_t n =
            engine ? engine_vanishing(engine, edition_config(edition)->rules, vanishing, VANISHING_MAX) : 0;

        for (size_t k = 0; k < n; k++) {
            report_vanishing(service, service->shards[i], &vanishing[k], problems);
        }
    }
    return problems->errors == errors;
}

const char *service_needs_restart(const struct service *service, const struct edition *edition)
{
    const char *difference = edition_difference(edition);

    for (size_t i = 0; !difference && i < service->n_shards; i++) {
        difference = shard_get_status(service->shards[i]).held ? "the clocks, which a reload accepts" : NULL;
    }
    return difference;
}

void service_reload(struct service *service, struct edition *take)
{
    assert(!service->before);
    service->before = service->edition;
    service->edition = take;
    service->config = edition_config(take);
    for (size_t i = 0; i < service->n_shards; i++) {
        struct engine_parts parts = parts_of(service, shard_stream(service->shards[i]));

        shard_reload(service->shards[i], &parts);
    }
}

bool service_settle(struct service *service)
{
    for (size_t i = 0; i < service->n_shards; i++) {
        if (!shard_is_settled(service->shards[i])) {
            return false;
        }
    }
    edition_destroy(service->before);
    service->before = NULL;
    return true;
}

void service_refuse_reload(struct service *service, size_t errors, const char *why)
{
    for (size_t i = 0; i < service->n_shards; i++) {
        shard_refuse_reload(service->shards[i], errors, why);
    }
}

/* -- telling how it goes -- */

static uint64_t shard_work(const struct shard *shard)
{
    struct shard_status status = shard_get_status(shard);

    return status.events + status.commits + status.loaded + (uint64_t)status.state;
}

uint64_t service_work(const struct service *service)
{
    struct channel_status channels[CONFIG_CHANNELS_MAX];
    size_t n = service->delivery ? delivery_status(service->delivery, channels, CONFIG_CHANNELS_MAX) : 0;
    uint64_t work = 0;

    for (size_t i = 0; i < service->n_shards; i++) {
        work += shard_work(service->shards[i]);
    }
    for (size_t i = 0; i < n; i++) {
        work += channels[i].delivered + channels[i].retried + channels[i].refused + channels[i].uncertain;
    }
    return work;
}

static enum health_role role_of(enum shard_state state)
{
    static const enum health_role roles[] = {
        [SHARD_CONNECTING] = HEALTH_CONNECTS, [SHARD_STANDBY] = HEALTH_STANDS_BY,
        [SHARD_LOADING] = HEALTH_LOADS,       [SHARD_OWNER] = HEALTH_OWNS,
        [SHARD_STOPPED] = HEALTH_HAS_STOPPED,
    };

    return roles[state];
}

static struct health_stream stream_facts(const char *name, const struct shard_status *status)
{
    return (struct health_stream){
        .name = name,
        .role = role_of(status->state),
        .holder = status->holder,
        .problem = status->problem,
        .silent_ms = status->silent_ms,
        .unserved_ms = status->unserved_ms,
        .unread_ms = status->unread_ms,
        .uncommitted_ms = status->uncommitted_ms,
        .unrenewed_ms = status->unrenewed_ms,
        .unclaimed_ms = status->unclaimed_ms,
        .lag_ms = status->lag_ms,
        .is_held = status->held,
        .held_words = status->held_words,
        .refused_words = status->refused_words,
        .renewal_words = status->renewal_words,
        .has_no_aof = status->has_no_aof,
        .evicts = status->evicts,
    };
}

void service_facts(const struct service *service, struct service_facts *out)
{
    size_t n = service->delivery ? delivery_status(service->delivery, out->channels, CONFIG_CHANNELS_MAX) : 0;

    for (size_t i = 0; i < service->n_shards; i++) {
        out->shards[i] = shard_get_status(service->shards[i]);
        out->streams[i] = stream_facts(shard_stream(service->shards[i]), &out->shards[i]);
    }
    for (size_t i = 0; i < n; i++)
        out->of_channels[i] = (struct health_channel){
            .name = out->channels[i].name,
            .is_misconfigured = out->channels[i].is_misconfigured,
            .problem = out->channels[i].problem,
        };
    out->health = (struct health_facts){
        .streams = out->streams,
        .n_streams = service->n_shards,
        .channels = out->of_channels,
        .n_channels = n,
    };
}

void service_tell_health(struct service *service, const struct health *health)
{
    for (size_t i = 0; i < service->n_shards; i++) {
        struct buffer text;
        struct json_writer json;

        buffer_init(&text);
        json_begin(&json, &text);
        health_json(health, shard_stream(service->shards[i]), &json);
        if (buffer_ok(&text))
            shard_tell_health(service->shards[i], buffer_text(&text));
        buffer_finish(&text);
    }
}

struct family {
    const char *name, *type, *help;
    int64_t (*value)(const struct shard_status *status, const struct engine_counts *counts);
};

static int64_t family_owner(const struct shard_status *status, const struct engine_counts *counts)
{
    (void)counts;
    return status->state == SHARD_OWNER;
}

static int64_t family_lag(const struct shard_status *status, const struct engine_counts *counts)
{
    (void)counts;
    return status->lag_ms;
}

static int64_t family_events(const struct shard_status *status, const struct engine_counts *counts)
{
    (void)counts;
    return (int64_t)status->events;
}

static int64_t family_commits(const struct shard_status *status, const struct engine_counts *counts)
{
    (void)counts;
    return (int64_t)status->commits;
}

static int64_t family_lost(const struct shard_status *status, const struct engine_counts *counts)
{
    (void)counts;
    return (int64_t)status->lost_events;
}

static int64_t family_open(const struct shard_status *status, const struct engine_counts *counts)
{
    (void)status;
    return (int64_t)counts->deadlines;
}

static int64_t family_overdue(const struct shard_status *status, const struct engine_counts *counts)
{
    (void)status;
    return (int64_t)counts->overdue;
}

static int64_t family_provisional(const struct shard_status *status, const struct engine_counts *counts)
{
    (void)status;
    return (int64_t)counts->provisional;
}

static int64_t family_provisional_near(const struct shard_status *status, const struct engine_counts *counts)
{
    (void)status;
    return (int64_t)counts->warned;
}

static int64_t family_silent(const struct shard_status *status, const struct engine_counts *counts)
{
    (void)status;
    return (int64_t)counts->silent;
}

static int64_t family_outbox(const struct shard_status *status, const struct engine_counts *counts)
{
    (void)status;
    return (int64_t)counts->notifications;
}

static int64_t family_bad(const struct shard_status *status, const struct engine_counts *counts)
{
    (void)status;
    return (int64_t)counts->bad_events;
}

static int64_t family_unmatched(const struct shard_status *status, const struct engine_counts *counts)
{
    (void)status;
    return (int64_t)counts->unmatched_events;
}

static const struct family families[] = {
    {"cuiban_shard_owner", "gauge", "1 where this daemon owns the stream", family_owner},
    {"cuiban_lag_milliseconds", "gauge", "age of the oldest event that is not applied yet", family_lag},
    {"cuiban_events_total", "counter", "events applied", family_events},
    {"cuiban_commits_total", "counter", "commits acknowledged", family_commits},
    {"cuiban_events_lost_total", "counter", "events trimmed from the stream before they were read",
     family_lost},
    {"cuiban_deadlines", "gauge", "open deadlines", family_open},
    {"cuiban_deadlines_overdue", "gauge", "open deadlines that are overdue", family_overdue},
    {"cuiban_deadlines_provisional", "gauge", "dues that depend on days no calendar covers yet",
     family_provisional},
    {"cuiban_deadlines_provisional_near", "gauge", "of these, due within 60 days", family_provisional_near},
    {"cuiban_deadlines_silent", "gauge", "slipped, and nobody besides the owner could be told",
     family_silent},
    {"cuiban_outbox", "gauge", "notifications that are not finished", family_outbox},
    {"cuiban_events_bad_total", "counter", "events sent to the dead letters", family_bad},
    {"cuiban_events_unmatched_total", "counter", "meets that found no open deadline", family_unmatched},
};

struct shard_facts {
    struct shard_status status;
    struct engine_counts counts; /* looked at once: it takes a while */
};

static void shard_metrics(const struct service *service, struct buffer *out)
{
    struct shard_facts facts[CONFIG_STREAMS_MAX];

    for (size_t i = 0; i < service->n_shards; i++) {
        const struct engine *engine = shard_engine(service->shards[i]);

        facts[i].status = shard_get_status(service->shards[i]);
        facts[i].counts = engine ? engine_count(engine) : (struct engine_counts){0};
    }
    for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
        metrics_family(out, families[f].name, families[f].type, families[f].help);
        for (size_t i = 0; i < service->n_shards; i++) {
            struct metric_label label = {"stream", shard_stream(service->shards[i])};

            metrics_int(out, families[f].name, &label, 1,
                        families[f].value(&facts[i].status, &facts[i].counts));
        }
    }
}

static void channel_metrics(const struct service *service, struct buffer *out)
{
    struct channel_status channels[CONFIG_CHANNELS_MAX];
    size_t n = service->delivery ? delivery_status(service->delivery, channels, CONFIG_CHANNELS_MAX) : 0;

    metrics_family(out, "cuiban_channel_delivered_total", "counter", "notifications delivered");
    for (size_t i = 0; i < n; i++) {
        struct metric_label label = {"channel", channels[i].name};
        metrics_count(out, "cuiban_channel_delivered_total", &label, 1, channels[i].delivered);
    }
    metrics_family(out, "cuiban_channel_queued", "gauge", "notifications that wait for this channel");
    for (size_t i = 0; i < n; i++) {
        struct metric_label label = {"channel", channels[i].name};
        metrics_int(out, "cuiban_channel_queued", &label, 1, (int64_t)channels[i].queued);
    }
    metrics_family(out, "cuiban_channel_failing", "gauge", "1 after a failure, until the next delivery");
    for (size_t i = 0; i < n; i++) {
        struct metric_label label = {"channel", channels[i].name};
        metrics_int(out, "cuiban_channel_failing", &label, 1, channels[i].problem[0] != '\0');
    }
}

void service_metrics(const struct service *service, struct buffer *out)
{
    shard_metrics(service, out);
    channel_metrics(service, out);
}

static void status_of_shard(const struct shard *shard, struct json_writer *json)
{
    struct shard_status status = shard_get_status(shard);
    const struct engine *engine = shard_engine(shard);
    struct engine_counts counts = engine ? engine_count(engine) : (struct engine_counts){0};

    json_object(json);
    json_key_text(json, "stream", shard_stream(shard));
    json_key_text(json, "state", shard_state_name(status.state));
    json_key_int(json, "seq", (int64_t)status.seq);
    json_key_int(json, "events", (int64_t)status.events);
    json_key_int(json, "lost_events", (int64_t)status.lost_events);
    json_key_int(json, "lag_ms", status.lag_ms);
    json_key_int(json, "deadlines", (int64_t)counts.deadlines);
    json_key_int(json, "overdue", (int64_t)counts.overdue);
    json_key_int(json, "paused", (int64_t)counts.paused);
    json_key_int(json, "sleeping", (int64_t)counts.sleeping);
    json_key_int(json, "outbox", (int64_t)counts.notifications);
    json_key_text(json, "problem", status.problem[0] ? status.problem : NULL);
    json_object_end(json);
}

static void status_of_channel(const struct channel_status *channel, struct json_writer *json)
{
    json_object(json);
    json_key_text(json, "name", channel->name);
    json_key_int(json, "queued", (int64_t)channel->queued);
    json_key_int(json, "running", (int64_t)channel->running);
    json_key_int(json, "delivered", (int64_t)channel->delivered);
    json_key_int(json, "refused", (int64_t)channel->refused);
    json_key_int(json, "uncertain", (int64_t)channel->uncertain);
    json_key_text(json, "problem", channel->problem[0] ? channel->problem : NULL);
    json_object_end(json);
}

void service_status(const struct service *service, struct json_writer *json)
{
    struct channel_status channels[CONFIG_CHANNELS_MAX];
    size_t n = service->delivery ? delivery_status(service->delivery, channels, CONFIG_CHANNELS_MAX) : 0;

    json_key(json, "shards");
    json_array(json);
    for (size_t i = 0; i < service->n_shards; i++) {
        status_of_shard(service->shards[i], json);
    }
    json_array_end(json);
    json_key(json, "channels");
    json_array(json);
    for (size_t i = 0; i < n; i++) {
        status_of_channel(&channels[i], json);
    }
    json_array_end(json);
}

#include "cli/verbs.h"

#include <inttypes.h>
#include <string.h>
#include <uv.h>

#include "cli/random_id.h"
#include "core/template.h"
#include "delivery/transport.h"
#include "store/clock.h"

enum { TRIES_MAX = 3 }; /* a plugin may ask for a token first, and once more when that was stale */

/* One test message through one channel: plugin and transport at once, past the outbox, the limits and the
 * quiet hours. */
struct trial {
    const struct config *config;
    struct plugin_channel *channel;
    uv_loop_t loop;
    struct transport *transport;
    struct plugin_request request;
    struct cuiban_recipient recipient;
    struct cuiban_message message;
    char id[RANDOM_ID_MAX];
    struct buffer title, body;
    struct verdict verdict;
    int32_t tries;
    bool again, answered;
};

/* As of every message: the recipient's, else that of the settings. Not the terminal's, which is the sender's.
 */
static const char *choose_language(const struct trial *trial)
{
    const struct person *person =
        trial->recipient.id == NULL ? NULL : directory_person(trial->config->directory, trial->recipient.id);
    const char *language = person == NULL ? NULL : person->language;

    if (language == NULL)
        language = ruleset_policy(trial->config->rules)->language;
    return language == NULL ? "zh-CN" : language;
}

static void compose(const struct cli *cli, struct trial *trial)
{
    const char *language = choose_language(trial), *text = cli_option(cli, "text");
    bool chinese = strncmp(language, "zh", 2) == 0;
    const char *title = chinese ? "催办：渠道测试" : "cuiban: test of this channel";
    struct channel_facts facts;

    if (text == NULL)
        text = chinese ? "这是 cuibanctl 发出的渠道测试消息，无需处理。"
                       : "cuibanctl sent this to try the channel. Nothing needs to be done.";
    plugin_channel_facts(trial->channel, &facts);
    buffer_init(&trial->title);
    buffer_init(&trial->body);
    template_escape(&trial->title, facts.dialect, title);
    template_escape(&trial->body, facts.dialect, text);
    random_id(trial->id);
    trial->message = (struct cuiban_message){
        .size = sizeof(trial->message),
        .id = trial->id,
        .thread = trial->id,
        .phase = "reminder",
        .language = language,
        .title = buffer_text(&trial->title),
        .title_plain = title,
        .body = buffer_text(&trial->body),
        .link = "",
        .recipients = &trial->recipient,
        .n_recipients = trial->recipient.id == NULL ? 0 : 1,
    };
}

static void trial_on_response(void *data, const struct cuiban_response *response)
{
    struct trial *trial = data;
    int32_t shrink_bytes = 0;

    plugin_judge(trial->channel, response, &trial->verdict, &shrink_bytes);
    trial->answered = true;
    trial->again = trial->verdict.kind == VERDICT_REAUTH;
}

/* One request and its answer. False: the plugin would not make one, or memory is short. */
static bool try_once(struct trial *trial)
{
    instant now = clock_wall();
    int status;

    trial->message.now_ms = now;
    trial->message.zone_offset_s = zone_offset_s(setup_zone(trial->config), now);
    trial->message.attempt = ++trial->tries;
    trial->again = false;
    trial->answered = false;
    if (plugin_prepare(trial->channel, &trial->message, &trial->request, &trial->verdict) != 0)
        return false;
    status = transport_start(trial->transport, &trial->request.request, trial->config->settings.attempt_ms,
                             trial_on_response, trial);
    /* Not UV_RUN_DEFAULT: the transport's own handles keep the loop alive. */
    while (status == 0 && !trial->answered)
        uv_run(&trial->loop, UV_RUN_ONCE);
    plugin_request_finish(&trial->request);
    return status == 0;
}

static void trial_on_transport_closed(void *data)
{
    (void)data;
}

static bool run(struct trial *trial)
{
    bool ran = true;

    if (uv_loop_init(&trial->loop) != 0)
        return false;
    trial->transport = transport_create(&trial->loop, 1);
    if (trial->transport != NULL) {
        do {
            ran = try_once(trial);
        } while (ran && trial->again && trial->tries < TRIES_MAX);
        transport_close(trial->transport, trial_on_transport_closed, trial);
        uv_run(&trial->loop, UV_RUN_DEFAULT);
    }
    uv_loop_close(&trial->loop);
    return trial->transport != NULL && (ran || trial->verdict.reason[0] != '\0');
}

static enum cli_status report(struct cli *cli, const char *channel, const struct verdict *verdict)
{
    enum cli_status status = verdict->kind == VERDICT_DELIVERED ? CLI_OK : CLI_FINDING;
    struct json_writer json;
    struct buffer out;

    if (!cli->json) {
        cli_print("%s: %s", channel,
                  verdict->kind == VERDICT_DELIVERED ? cli_in(cli, "delivered", "已送达")
                                                     : verdict_name(verdict->kind));
        if (verdict->code != 0)
            cli_print(" %" PRId32, verdict->code);
        cli_print("%s%s%s%s\n", verdict->reason[0] == '\0' ? "" : ": ", verdict->reason,
                  verdict->remote_id[0] == '\0' ? "" : "  ", verdict->remote_id);
        return status;
    }
    buffer_init(&out);
    json_begin(&json, &out);
    json_object(&json);
    json_key_text(&json, "channel", channel);
    json_key_text(&json, "verdict", verdict_name(verdict->kind));
    if (verdict->code != 0)
        json_key_int(&json, "code", verdict->code);
    if (verdict->reason[0] != '\0')
        json_key_text(&json, "reason", verdict->reason);
    if (verdict->remote_id[0] != '\0')
        json_key_text(&json, "remote_id", verdict->remote_id);
    json_object_end(&json);
    return cli_print_json(cli, &out, status);
}

/* Who gets it: the person that was named; a channel that reaches persons must have one with an address. */
static enum cli_status choose_recipient(struct cli *cli, struct trial *trial)
{
    const char *id = cli->arguments.n > 1 ? cli->arguments.words[1] : NULL;
    const struct person *person = id == NULL ? NULL : directory_person(trial->config->directory, id);
    struct channel_facts facts;

    plugin_channel_facts(trial->channel, &facts);
    if (id == NULL && facts.reach == REACH_PERSON)
        return cli_fail(cli, "the channel %s reaches a person: name one", "渠道 %s 发给个人：请指定收件人",
                        facts.name);
    if (id == NULL)
        return CLI_OK;
    if (person == NULL)
        return cli_fail(cli, "the directory knows no person \"%s\"", "通讯录中没有 \"%s\"", id);
    trial->recipient.id = person->id;
    trial->recipient.name = person->name;
    trial->recipient.address = facts.address == NULL ? NULL : person_address(person, facts.address);
    if (facts.address != NULL && trial->recipient.address == NULL)
        return cli_fail(cli, "%s has no address of the kind \"%s\", which the channel %s needs",
                        "%s 没有 \"%s\" 地址，而渠道 %s 需要它", person->id, facts.address, facts.name);
    return CLI_OK;
}

static enum cli_status try_channel(struct cli *cli, const struct config *config,
                                   const struct channel_setting *setting)
{
    struct trial trial = {.config = config};
    char error[SETUP_ERROR_MAX];
    enum cli_status status;

    if (setup_open_channel(cli, config, setting, &trial.channel, error) != 0)
        return cli_fail(cli, "%s:%d: %s", "%s:%d：%s", setting->file, setting->line, error);
    status = choose_recipient(cli, &trial);
    if (status == CLI_OK) {
        compose(cli, &trial);
        if (!buffer_ok(&trial.title) || !buffer_ok(&trial.body) || !run(&trial))
            status = cli_fail(cli, "out of memory", "内存不足");
        else
            status = report(cli, setting->name, &trial.verdict);
        buffer_finish(&trial.title);
        buffer_finish(&trial.body);
    }
    plugin_channel_close(trial.channel);
    return status;
}

static enum cli_status unknown_channel(struct cli *cli, const struct config *config, const char *name)
{
    const char *names[CONFIG_CHANNELS_MAX];
    const char *nearest;
    size_t n =
        config->settings.n_channels < CONFIG_CHANNELS_MAX ? config->settings.n_channels : CONFIG_CHANNELS_MAX;

    for (size_t i = 0; i < n; i++)
        names[i] = config->settings.channels[i].name;
    nearest = problem_nearest(name, names, n);
    if (nearest != NULL)
        return cli_fail(cli, "no channel \"%s\"; did you mean \"%s\"?", "没有渠道 \"%s\"，是否 \"%s\"？",
                        name, nearest);
    return cli_fail(cli, "the settings name no channel \"%s\"", "设置中没有渠道 \"%s\"", name);
}

enum cli_status verb_send(struct cli *cli)
{
    const char *name = cli->arguments.words[0];
    struct config *config = NULL;
    const struct channel_setting *setting = NULL;
    enum cli_status status = setup_load(cli, &config);

    if (status != CLI_OK)
        return status;
    for (size_t i = 0; i < config->settings.n_channels; i++) {
        if (strcmp(config->settings.channels[i].name, name) == 0)
            setting = &config->settings.channels[i];
    }
    status = setting == NULL ? unknown_channel(cli, config, name) : try_channel(cli, config, setting);
    config_unload(config);
    return status;
}

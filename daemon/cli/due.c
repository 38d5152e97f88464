#include "cli/verbs.h"

#include <errno.h>
#include <string.h>

#include "cli/count.h"
#include "cli/moment.h"
#include "config/chinese.h"
#include "store/clock.h"

struct asked {
    const struct calendar *calendar;
    instant from;
    struct span span;
    const char *text;
    struct field fields[ARGUMENTS_MAX];
    struct fields given;
};

/* The words: one span, and field=value for spans that look at an event. */
static enum cli_status read_words(struct cli *cli, struct arena *arena, struct asked *out)
{
    const char *why;

    for (size_t i = 0; i < cli->arguments.n; i++) {
        const char *word = cli->arguments.words[i];
        size_t name_n;

        if (arguments_is_assignment(word, &name_n)) {
            struct field *field = &out->fields[out->given.n++];
            field->name = arena_strndup(arena, word, name_n);
            field->value = word + name_n + 1;
            if (field->name == NULL)
                return cli_fail(cli, "out of memory", "内存不足");
        } else if (out->text == NULL) {
            out->text = word;
        } else {
            return cli_fail(cli, "one span at a time, not \"%s\" and \"%s\"",
                            "一次只能算一个时长，而不是 \"%s\" 和 \"%s\"", out->text, word);
        }
    }
    out->given.items = out->fields;
    if (out->text == NULL)
        return cli_fail(cli, "which span? For example: 5wd, 24h, 8wh, wdom:-1@close",
                        "请给出时长，例如 5wd、24h、8wh、wdom:-1@close");
    if (span_parse(out->text, &out->span, &why) != 0)
        return cli_fail(cli, "\"%s\": %s", "\"%s\"：%s", out->text,
                        cli->chinese && chinese_text(why) != NULL ? chinese_text(why) : why);
    return CLI_OK;
}

static enum cli_status read_options(struct cli *cli, const struct config *config, struct asked *out)
{
    const char *name = cli_option(cli, "calendar"), *from = cli_option(cli, "from");

    out->calendar = setup_calendar(cli, config, name);
    if (out->calendar == NULL)
        return CLI_USAGE;
    out->from = clock_wall();
    if (from != NULL && !zone_read_time(calendar_zone(out->calendar), from, &out->from))
        return cli_fail(cli, "--from \"%s\" is no time; write 2026-09-30T17:00, with an offset if you like",
                        "--from \"%s\" 不是时间；请写成 2026-09-30T17:00，可带时区偏移", from);
    return CLI_OK;
}

/* Backward spans stand for steps before a due: in days, and without a time, at the settings' step_time. */
static struct span as_asked(const struct config *config, const struct span *asked)
{
    struct span span = *asked;
    bool by_days = span.unit == SPAN_DAYS || span.unit == SPAN_MONTHS || span.unit == SPAN_YEARS ||
                   span.unit == SPAN_WORKING_DAYS;

    if (by_days && span.count < 0 && span.clock == SPAN_CLOCK_DEFAULT) {
        span.clock = SPAN_CLOCK_TIME;
        span.minute = ruleset_policy(config->rules)->step_minute;
    }
    return span;
}

static int resolve(struct cli *cli, const struct config *config, const struct asked *asked,
                   struct json_writer *json, instant *out)
{
    struct span span = as_asked(config, &asked->span);
    struct span_request request = {
        .span = &span,
        .calendar = asked->calendar,
        .start = asked->from,
        .lookup = count_lookup,
        .lookup_data = &asked->given,
    };

    if (!cli_flag(cli, "explain"))
        return span_resolve(&request, out);
    if (json == NULL)
        return count_print(cli, &request, "  ", out);
    json_key(json, "days");
    return count_json(json, &request, out);
}

static bool is_provisional(const struct asked *asked, instant due)
{
    const struct span_request request = {.span = &asked->span,
                                         .calendar = asked->calendar,
                                         .start = asked->from,
                                         .lookup = count_lookup,
                                         .lookup_data = &asked->given};
    int32_t first, last;

    return span_reach(&request, due, &first, &last) &&
           !(calendar_covers(asked->calendar, first) && calendar_covers(asked->calendar, last));
}

static enum cli_status answer_json(struct cli *cli, const struct config *config, const struct asked *asked)
{
    char text[INSTANT_TEXT_MAX];
    struct json_writer json;
    struct buffer out;
    instant due;
    int status;

    buffer_init(&out);
    json_begin(&json, &out);
    json_object(&json);
    json_key_text(&json, "calendar", calendar_name(asked->calendar));
    json_key_text(&json, "span", asked->text);
    json_key_text(&json, "from", zone_format(calendar_zone(asked->calendar), asked->from, text));
    status = resolve(cli, config, asked, &json, &due);
    if (status != 0) {
        buffer_finish(&out);
        cli_fail(cli, "%s: %s", "%s：%s", asked->text, count_error(cli, status));
        return CLI_FINDING;
    }
    json_key_text(&json, "due", zone_format(calendar_zone(asked->calendar), due, text));
    json_key_bool(&json, "provisional", is_provisional(asked, due));
    json_object_end(&json);
    return cli_print_json(cli, &out, CLI_OK);
}

static enum cli_status answer(struct cli *cli, const struct config *config, const struct asked *asked)
{
    char text[INSTANT_TEXT_MAX];
    instant due;
    int status = resolve(cli, config, asked, NULL, &due);

    if (status != 0) {
        cli_fail(cli, "%s: %s", "%s：%s", asked->text, count_error(cli, status));
        return CLI_FINDING;
    }
    cli_print("%s\n", zone_format(calendar_zone(asked->calendar), due, text));
    if (is_provisional(asked, due))
        cli_warn(cli, "provisional: it depends on dates that the calendar %s does not cover yet",
                 "暂定：它取决于日历 %s 尚未包含的日期", calendar_name(asked->calendar));
    return CLI_OK;
}

enum cli_status verb_due(struct cli *cli)
{
    struct config *config = NULL;
    struct arena *arena = arena_create();
    struct asked asked = {0};
    enum cli_status status;

    if (arena == NULL)
        return cli_fail(cli, "out of memory", "内存不足");
    status = read_words(cli, arena, &asked);
    if (status == CLI_OK)
        status = setup_load(cli, &config);
    if (status == CLI_OK)
        status = read_options(cli, config, &asked);
    if (status == CLI_OK)
        status = cli->json ? answer_json(cli, config, &asked) : answer(cli, config, &asked);
    config_unload(config);
    arena_destroy(arena);
    return status;
}

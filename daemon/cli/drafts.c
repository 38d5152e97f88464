#include "cli/drafts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/moment.h"
#include "cli/random_id.h"

enum { EVENTS_MAX = 100000 };

static bool drafts_add(struct drafts *drafts, struct event_draft **out)
{
    struct event_draft **grown = reallocarray(drafts->items, drafts->n + 1, sizeof(struct event_draft *));

    if (grown == NULL)
        return false;
    drafts->items = grown;
    *out = arena_alloc(drafts->arena, sizeof(**out));
    if (*out == NULL)
        return false;
    grown[drafts->n++] = *out;
    return true;
}

void drafts_finish(struct drafts *drafts)
{
    free(drafts->items);
    arena_destroy(drafts->arena);
    problems_finish(&drafts->problems);
}

static enum cli_status read_line(struct cli *cli, struct drafts *drafts, const char *line, size_t n,
                                 int number)
{
    struct event_draft *draft;
    const char *why;

    if (drafts->n == EVENTS_MAX)
        return cli_fail(cli, "%s has more than %d events: split it", "%s 超过 %d 个事件：请拆分",
                        drafts->file, EVENTS_MAX);
    if (!drafts_add(drafts, &draft))
        return cli_fail(cli, "out of memory", "内存不足");
    draft->line = number;
    if (n > EVENT_LINE_BYTES_MAX || !event_draft_read(drafts->arena, line, n, draft, &why)) {
        problem_error(
            &drafts->problems, drafts->file, number, "%s",
            problem_text(&drafts->problems, n > EVENT_LINE_BYTES_MAX ? "the line is too long" : why));
        drafts->n--;
    }
    return CLI_OK;
}

/* A file of one JSON object a line; "-" is stdin. */
static enum cli_status read_file(struct cli *cli, struct drafts *drafts)
{
    FILE *file = strcmp(drafts->file, "-") == 0 ? stdin : fopen(drafts->file, "re");
    enum cli_status status = CLI_OK;
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    if (file == NULL)
        return cli_fail(cli, "%s: %s", "%s：%s", drafts->file, cli_error_text(cli, errno));
    for (int number = 1; status == CLI_OK && (n = getline(&line, &room, file)) >= 0; number++) {
        while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
            line[--n] = '\0';
        if (!event_line_is_blank(line))
            status = read_line(cli, drafts, line, (size_t)n, number);
    }
    if (status == CLI_OK && ferror(file))
        status = cli_fail(cli, "%s: %s", "%s：%s", drafts->file, cli_error_text(cli, errno));
    free(line);
    if (file != stdin)
        fclose(file);
    if (status == CLI_OK && drafts->n == 0 && drafts->problems.errors == 0)
        status = cli_fail(cli, "%s has no event", "%s 中没有事件", drafts->file);
    return status;
}

static enum cli_status read_time(struct cli *cli, const struct config *config, instant now,
                                 char into[static INSTANT_TEXT_MAX])
{
    const char *text = cli_option(cli, "time");
    instant at = now;

    if (text != NULL && !zone_read_time(setup_zone(config), text, &at))
        return cli_fail(cli, "--time \"%s\" is no time; write 2026-09-30T17:00",
                        "--time \"%s\" 不是时间；请写成 2026-09-30T17:00", text);
    zone_format(setup_zone(config), at, into);
    return CLI_OK;
}

const char *drafts_type(const struct cli *cli, size_t *first_field)
{
    const char *type = cli_option(cli, "type");
    size_t name_n;

    *first_field = 0;
    if (type == NULL && cli->arguments.n > 0 && !arguments_is_assignment(cli->arguments.words[0], &name_n)) {
        *first_field = 1;
        type = cli->arguments.words[0];
    }
    return type;
}

static enum cli_status read_words(struct cli *cli, const struct config *config, instant now,
                                  struct drafts *drafts)
{
    char *id = arena_alloc(drafts->arena, RANDOM_ID_MAX),
         *time = arena_alloc(drafts->arena, INSTANT_TEXT_MAX);
    struct setup_fields fields;
    struct event_draft *draft;
    enum cli_status status;
    size_t first_field;
    const char *type = drafts_type(cli, &first_field);
    bool fits;

    if (id == NULL || time == NULL || !drafts_add(drafts, &draft))
        return cli_fail(cli, "out of memory", "内存不足");
    status = read_time(cli, config, now, time);
    if (status == CLI_OK)
        status = setup_read_fields(cli, drafts->arena, first_field, &fields);
    if (status != CLI_OK)
        return status;
    random_id(id);
    fits = event_draft_add(draft, "type", type);
    fits = fits && event_draft_add(draft, "id", cli_flag(cli, "id") ? cli_option(cli, "id") : id);
    fits = fits && event_draft_add(draft, "time", time);
    for (size_t i = 0; i < fields.given.n && fits; i++)
        fits = event_draft_add(draft, fields.items[i].name, fields.items[i].value);
    if (!fits)
        return cli_fail(cli, "an event has at most %d fields", "一个事件最多 %d 个字段", EVENT_FIELDS_MAX);
    return CLI_OK;
}

static void check_drafts(const struct config *config, instant now, struct drafts *drafts)
{
    for (size_t i = 0; i < drafts->n; i++)
        event_draft_check(config, drafts->items[i], drafts->file, now, &drafts->problems);
    problems_sort(&drafts->problems);
}

enum cli_status drafts_read(struct cli *cli, const struct config *config, instant now, struct drafts *drafts)
{
    enum cli_status status;

    cli_problems_init(cli, &drafts->problems);
    drafts->arena = arena_create();
    if (drafts->arena == NULL)
        return cli_fail(cli, "out of memory", "内存不足");
    status = drafts->file != NULL ? read_file(cli, drafts) : read_words(cli, config, now, drafts);
    if (status == CLI_OK)
        check_drafts(config, now, drafts);
    return status;
}

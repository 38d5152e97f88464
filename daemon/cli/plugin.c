#include "cli/verbs.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plugin_trial.h"
#include "delivery/plugin_load.h"

static const char *dialect_name(enum cuiban_dialect dialect)
{
    static const char *const names[] = {"plain", "commonmark", "wecom", "dingtalk"};

    return (size_t)dialect < sizeof(names) / sizeof(names[0]) ? names[dialect] : "?";
}

static enum cli_status print_json(struct cli *cli, const struct cuiban_channel *abi, const char *path)
{
    enum cli_status status = CLI_OK;
    struct json_writer json;
    struct buffer out;

    buffer_init(&out);
    json_begin(&json, &out);
    json_object(&json);
    json_key_text(&json, "name", abi->name);
    json_key_text(&json, "summary", abi->summary);
    json_key_int(&json, "abi", abi->abi);
    json_key_text(&json, "reach", abi->reach == CUIBAN_REACH_PERSON ? "person" : "group");
    json_key_text(&json, "dialect", dialect_name(abi->dialect));
    json_key_text(&json, "address", abi->address);
    json_key_bool(&json, "mentions", abi->mentions != 0);
    json_key_text(&json, "rate", abi->default_rate);
    json_key_int(&json, "max_bytes", abi->max_bytes);
    json_key(&json, "options");
    json_array(&json);
    for (size_t i = 0; abi->options != NULL && abi->options[i] != NULL; i++) {
        const char *name = abi->options[i];

        json_object(&json);
        json_key_text(&json, "name", *name == '!' ? name + 1 : name);
        json_key_bool(&json, "required", *name == '!');
        json_object_end(&json);
    }
    json_array_end(&json);
    if (cli->arguments.n > 1)
        status = plugin_trial(cli, path, 1, &json);
    json_object_end(&json);
    return cli_print_json(cli, &out, status);
}

static void print_people(const struct cli *cli, const struct cuiban_channel *abi)
{
    cli_print("%s: %s\n", abi->name, abi->summary == NULL ? "" : abi->summary);
    cli_say(cli, "  ABI         %u\n", "  接口版本    %u\n", (unsigned)abi->abi);
    cli_say(cli, "  reaches     %s%s\n", "  送达        %s%s\n",
            abi->reach == CUIBAN_REACH_PERSON ? cli_in(cli, "a person", "个人")
                                              : cli_in(cli, "a group", "群"),
            abi->mentions ? cli_in(cli, ", mentions people", "，可提及成员") : "");
    cli_say(cli, "  address     %s\n", "  所需地址    %s\n", abi->address == NULL ? "-" : abi->address);
    cli_say(cli, "  dialect     %s\n", "  文本格式    %s\n", dialect_name(abi->dialect));
    cli_say(cli, "  rate        %s\n", "  频率        %s\n",
            abi->default_rate == NULL ? "-" : abi->default_rate);
    cli_say(cli, "  max bytes   %d\n", "  最大字节    %d\n", (int)abi->max_bytes);
    cli_say(cli, "  options    ", "  选项       ");
    for (size_t i = 0; abi->options != NULL && abi->options[i] != NULL; i++) {
        const char *name = abi->options[i];

        cli_print(" %s%s", *name == '!' ? name + 1 : name,
                  *name == '!' ? cli_in(cli, " (required)", "（必填）") : "");
    }
    putchar('\n');
}

enum cli_status verb_plugin_check(struct cli *cli)
{
    char path[PATH_MAX], error[512];
    struct plugin_file file;

    if (realpath(cli->arguments.words[0], path) == NULL)
        return cli_fail(cli, "there is no file %s", "没有文件 %s", cli->arguments.words[0]);
    const struct complaint complaint = {error, sizeof(error), cli_problem_language(cli)};
    if (plugin_load(path, NULL, &file, &complaint) != 0) {
        cli_warn(cli, "%s", "%s", error);
        return CLI_FINDING;
    }
    enum cli_status status = CLI_OK;
    if (cli->json)
        status = print_json(cli, file.abi, path);
    else
        print_people(cli, file.abi);
    if (!cli->json && cli->arguments.n > 1)
        status = plugin_trial(cli, path, 1, NULL);
    plugin_unload(&file);
    return status;
}

#include "cli/cli.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/chinese.h"
#include "core/utf8.h"

const char *cli_option(const struct cli *cli, const char *name)
{
    return arguments_option(&cli->arguments, name);
}

bool cli_flag(const struct cli *cli, const char *name)
{
    return cli_option(cli, name) != NULL;
}

const char *cli_language(const struct cli *cli)
{
    return cli->chinese ? "zh-CN" : "en";
}

const char *cli_in(const struct cli *cli, const char *english, const char *chinese)
{
    return cli->chinese ? chinese : english;
}

static void print(FILE *to, const char *format, va_list list) __attribute__((format(printf, 2, 0)));

static void print(FILE *to, const char *format, va_list list)
{
    char *text;

    if (vasprintf(&text, format, list) < 0)
        return;
    utf8_disarm(text, true); /* line ends are those of the format, as a rule */
    fputs(text, to);
    free(text);
}

void cli_say(const struct cli *cli, const char *english, const char *chinese, ...)
{
    va_list list;

    va_start(list, chinese);
    print(stdout, cli_in(cli, english, chinese), list);
    va_end(list);
}

void cli_print(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    print(stdout, format, list);
    va_end(list);
}

static void complain(const struct cli *cli, const char *english, const char *chinese, va_list list)
    __attribute__((format(printf, 2, 0), format(printf, 3, 0)));

static void complain(const struct cli *cli, const char *english, const char *chinese, va_list list)
{
    fflush(stdout); /* in the order in which it was said, when both go to one file */
    fputs("cuibanctl: ", stderr);
    print(stderr, cli_in(cli, english, chinese), list);
    fputc('\n', stderr);
}

enum cli_status cli_fail(const struct cli *cli, const char *english, const char *chinese, ...)
{
    va_list list;

    va_start(list, chinese);
    complain(cli, english, chinese, list);
    va_end(list);
    return CLI_USAGE;
}

void cli_warn(const struct cli *cli, const char *english, const char *chinese, ...)
{
    va_list list;

    va_start(list, chinese);
    complain(cli, english, chinese, list);
    va_end(list);
}

/* Hidden characters stand in JSON's strings only, and may be escaped there: programs read the same, and the
 * terminal obeys nothing. */
static void print_escaped(const char *json, size_t n)
{
    for (size_t length; n > 0; json += length, n -= length) {
        uint32_t code = 0;

        length = utf8_decode(json, n, &code);
        bool hides = (length > 1 || code == 0x7F) && utf8_is_hidden(code);

        if (hides && code > 0xFFFF)
            printf("\\u%04x\\u%04x", 0xD7C0 + (unsigned)(code >> 10), 0xDC00 + (unsigned)(code & 0x3FF));
        else if (hides)
            printf("\\u%04x", (unsigned)code);
        else
            fwrite(json, 1, length > 0 ? length : 1, stdout);
        length = length > 0 ? length : 1;
    }
    putchar('\n');
}

enum cli_status cli_print_json(const struct cli *cli, struct buffer *json, enum cli_status status)
{
    if (!buffer_ok(json))
        status = cli_fail(cli, "out of memory", "内存不足");
    else
        print_escaped(buffer_text(json), json->n);
    buffer_finish(json);
    return status;
}

void cli_clean(char *text)
{
    utf8_disarm(text, false);
}

const char *cli_short_path(const char *file)
{
    char here[PATH_MAX];
    size_t n;

    if (getcwd(here, sizeof(here)) == NULL)
        return file;
    n = strlen(here);
    return strncmp(file, here, n) == 0 && file[n] == '/' ? file + n + 1 : file;
}

static void print_cleaned(FILE *to, const char *text)
{
    char *copy = strdup(text);

    if (copy == NULL)
        return;
    cli_clean(copy);
    fputs(copy, to);
    free(copy);
}

problem_language *cli_problem_language(const struct cli *cli)
{
    return cli->chinese ? chinese_text : NULL;
}

const char *cli_error_text(const struct cli *cli, int error)
{
    const char *english = strerror(error), *chinese = cli->chinese ? chinese_text(english) : NULL;

    return chinese == NULL ? english : chinese;
}

void cli_problems_init(const struct cli *cli, struct problems *problems)
{
    problems_init(problems);
    problems->language = cli_problem_language(cli);
}

void cli_print_problems(const struct cli *cli, FILE *to, const struct problems *problems)
{
    size_t kept = problems->n, all = problems->errors + problems->warnings;

    for (size_t i = 0; i < kept; i++) {
        const struct problem *problem = &problems->items[i];

        if (problem->file != NULL) {
            print_cleaned(to, cli_short_path(problem->file));
            fputc(':', to);
        }
        if (problem->file != NULL && problem->line > 0)
            fprintf(to, "%d:", problem->line);
        fprintf(to, "%s%s: ", problem->file == NULL ? "" : " ",
                problem->warning ? cli_in(cli, "warning", "警告") : cli_in(cli, "error", "错误"));
        print_cleaned(to, problem->what);
        if (problem->hint != NULL) {
            fprintf(to, "\n    %s", cli_in(cli, "hint: ", "提示："));
            print_cleaned(to, problem->hint);
        }
        fputc('\n', to);
    }
    if (all > kept)
        fprintf(to, cli_in(cli, "... and %zu more\n", "……另有 %zu 处\n"), all - kept);
}

void cli_json_problems(struct json_writer *json, const struct problems *problems)
{
    json_array(json);
    for (size_t i = 0; i < problems->n; i++) {
        const struct problem *problem = &problems->items[i];

        json_object(json);
        json_key_text(json, "severity", problem->warning ? "warning" : "error");
        json_key_text(json, "file", problem->file);
        if (problem->line > 0)
            json_key_int(json, "line", problem->line);
        json_key_text(json, "what", problem->what);
        json_key_text(json, "hint", problem->hint);
        json_object_end(json);
    }
    json_array_end(json);
}

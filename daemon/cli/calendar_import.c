/* cuibanctl calendar import: a file of holidays as a text for calendars.d, on standard output; no file is
 * ever written. Needs no settings. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/holidays_print.h"
#include "cli/verbs.h"
#include "core/civil.h"
#include "core/utf8.h"
#include "store/clock.h"

enum { FILE_BYTES_MAX = 8 * 1024 * 1024, BLOCK_BYTES = 16 * 1024, NAME_CHARS_MAX = 64 };

/* 0, negative errno, -EFBIG for a file that is too large. */
static int read_file(const char *path, struct buffer *out)
{
    char block[BLOCK_BYTES];
    size_t n;
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

    if (file == NULL)
        return -errno;
    while ((n = fread(block, 1, sizeof block, file)) > 0 && out->n <= FILE_BYTES_MAX)
        buffer_add(out, block, n);
    int status = ferror(file) ? -EIO : out->n > FILE_BYTES_MAX ? -EFBIG : buffer_ok(out) ? 0 : -ENOMEM;
    if (file != stdin)
        fclose(file);
    return status;
}

/* "2026", "2026..2027". */
static bool read_years(const char *text, struct holidays *out)
{
    char *end;
    long first = strtol(text, &end, 10), last = first;

    if (strncmp(end, "..", 2) == 0)
        last = strtol(end + 2, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || first < CIVIL_YEAR_MIN || last > CIVIL_YEAR_MAX ||
        first > last)
        return false;
    out->wanted_first = (int32_t)first;
    out->wanted_last = (int32_t)last;
    return true;
}

/* What libconfig takes as a name. */
static bool is_name(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    return isalpha((unsigned char)text[0]) && text[n] == '\0' && n <= NAME_CHARS_MAX;
}

static enum cli_status read_holidays(struct cli *cli, const char *path, struct buffer *text,
                                     struct holidays *out)
{
    char problem[HOLIDAYS_PROBLEM_MAX] = "";
    const char *begin = buffer_text(text);
    size_t n = text->n;
    int status;

    if (n >= 3 && memcmp(begin, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark */
        begin += 3;
        n -= 3;
    }
    if (strlen(begin) != n || !utf8_is_valid(begin, n))
        return cli_fail(cli, "%s: this is not UTF-8 text", "%s：不是 UTF-8 文本", path);
    size_t blanks = strspn(begin, " \t\r\n");
    bool is_json = begin[blanks] == '{' || begin[blanks] == '[';
    status = is_json ? holidays_read_json(out, begin, n, problem) : holidays_read_ics(out, begin, problem);
    if (status != 0) {
        cli_clean(problem);
        return cli_fail(cli, "%s: %s", "%s：%s", path, problem);
    }
    if (holidays_settle(out) != 0)
        return cli_fail(cli, "%s: there is no day off in it (for these years)",
                        "%s：其中没有（这些年份的）假日", path);
    return CLI_OK;
}

static void warn(struct cli *cli, const struct holidays *holidays)
{
    if (holidays->left_out > 0)
        cli_warn(cli,
                 "%zu events are no days off (with a time of day, cancelled or mere festivals): left out",
                 "%zu 个事件不是放假（带时刻、已取消或只是节日），未列入", holidays->left_out);
    if (holidays->conflicts > 0)
        cli_warn(cli,
                 "%zu dates are named as off and as worked: taken as worked; compare them with the notice",
                 "%zu 个日期既写放假又写上班：按上班处理，请与通知核对", holidays->conflicts);
}

enum cli_status verb_calendar_import(struct cli *cli)
{
    const char *path = cli->arguments.words[0], *name = cli_option(cli, "name"),
               *years = cli_option(cli, "years");
    struct holidays holidays;
    struct buffer text;
    enum cli_status status;
    int error;

    holidays_init(&holidays);
    holidays.this_year = civil_of((int32_t)(clock_wall() / DAY_MS)).year;
    if (name != NULL && !is_name(name))
        return cli_fail(cli, "--name \"%s\" is no name: letters, digits, - and _, a letter first",
                        "--name \"%s\" 不能作名称：用字母、数字、- 和 _，以字母开头", name);
    if (years != NULL && !read_years(years, &holidays))
        return cli_fail(cli, "--years \"%s\" is no range of years; write 2026 or 2026..2027",
                        "--years \"%s\" 不是年份；请写 2026 或 2026..2027", years);
    name = name != NULL ? name : "holidays";
    buffer_init(&text);
    error = read_file(path, &text);
    if (error != 0)
        status = cli_fail(cli, "%s: %s", "%s：%s", path, cli_error_text(cli, -error));
    else
        status = read_holidays(cli, path, &text, &holidays);
    if (status == CLI_OK)
        warn(cli, &holidays);
    if (status == CLI_OK && cli->json)
        status = holidays_print_json(&holidays, cli, name);
    else if (status == CLI_OK)
        holidays_print(&holidays, cli, name, path);
    buffer_finish(&text);
    holidays_finish(&holidays);
    return status;
}

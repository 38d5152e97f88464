#include "condition.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* -- parsing -- */

enum { CONDITION_VALUES_MAX = 64 };

struct parser {
    struct arena *arena;
    const char *at;
    const char *why;
};

static int wrong(struct parser *parser, const char *why)
{
    parser->why = why;
    return -EINVAL;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct parser *parser)
{
    while (is_space(*parser->at))
        parser->at++;
}

/* A field name or a bare word: up to a space, an operator, a bracket or a quote. */
static size_t word_bytes(const char *at)
{
    return strcspn(at, " \t\r\n=!<>()\"',&|");
}

/* Full-width marks look right on the screen and are never meant as part of a condition's grammar. */
static bool has_full_width(const char *text)
{
    static const char *const marks[] = {"＝", "！＝", "＜", "＞", "（", "）", "，",
                                        "“",  "”",    "‘",  "’",  "≠",  "≤",  "≥"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (strstr(text, marks[i]))
            return true;
    return false;
}

static const char *take_text(struct parser *parser, const char *from, size_t n)
{
    return arena_strndup(parser->arena, from, n);
}

/* A value in quotes: everything up to the same quote. */
static int parse_quoted(struct parser *parser, const char **out)
{
    char mark = *parser->at++;
    const char *end = strchr(parser->at, mark);
    if (!end)
        return wrong(parser, "a quote is not closed");
    *out = take_text(parser, parser->at, (size_t)(end - parser->at));
    parser->at = end + 1;
    return *out ? 0 : -ENOMEM;
}

/* A bare value goes up to one of `ends` or the end of the text, without the spaces around it. */
static int parse_value(struct parser *parser, const char *ends, const char **out)
{
    skip_space(parser);
    if (*parser->at == '"' || *parser->at == '\'')
        return parse_quoted(parser, out);
    size_t n = strcspn(parser->at, ends);
    const char *from = parser->at;
    parser->at += n;
    while (n && is_space(from[n - 1]))
        n--;
    if (!n)
        return wrong(parser, "a value is missing");
    *out = take_text(parser, from, n);
    if (!*out)
        return -ENOMEM;
    if (*ends && strstr(*out, "，"))
        return wrong(parser, "a full-width comma between the values; write in (a, b) in ASCII");
    static const char *const joins[] = {"==", "!=", "&&", "||", " and ", " or "};
    for (size_t i = 0; i < sizeof joins / sizeof *joins; i++)
        if (strstr(*out, joins[i]))
            return wrong(parser,
                         "one condition in each string; put the value in quotes if this is one value");
    return 0;
}

static int parse_end(struct parser *parser)
{
    skip_space(parser);
    return *parser->at ? wrong(parser, "something follows the condition; one condition in each string") : 0;
}

static int parse_operator(struct parser *parser, enum condition_op *out)
{
    static const struct {
        const char *text;
        enum condition_op op;
    } operators[] = {{"==", CONDITION_EQ}, {"!=", CONDITION_NE}, {"<=", CONDITION_LE},
                     {">=", CONDITION_GE}, {"<", CONDITION_LT},  {">", CONDITION_GT}};
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        size_t n = strlen(operators[i].text);
        if (strncmp(parser->at, operators[i].text, n) != 0)
            continue;
        parser->at += n;
        *out = operators[i].op;
        return 0;
    }
    if (*parser->at == '=')
        return wrong(parser, "write == to compare, not =");
    if (strncmp(parser->at, "not ", 4) == 0)
        return wrong(parser, "there is no \"not in\": write one != for each value");
    return wrong(parser, has_full_width(parser->at)
                             ? "full-width marks; write them in ASCII: == != < <= > >= ( , )"
                             : "after the field comes ==, !=, <, <=, >, >= or in (...)");
}

/* Behind "in". */
static int parse_list(struct parser *parser, struct condition *condition)
{
    skip_space(parser);
    if (*parser->at != '(')
        return wrong(parser, has_full_width(parser->at) ? "full-width marks; write in (a, b) in ASCII"
                                                        : "write the values of `in` in brackets: in (a, b)");
    const char *values[CONDITION_VALUES_MAX];
    size_t n = 0;
    do {
        if (n == CONDITION_VALUES_MAX)
            return wrong(parser, "more than 64 values");
        parser->at++;
        int error = parse_value(parser, ",)", &values[n]);
        if (error)
            return error;
        n++;
        skip_space(parser);
    } while (*parser->at == ',');
    if (*parser->at++ != ')')
        return wrong(parser, "the bracket of in (...) is not closed");
    const char **copy = arena_alloc_array(parser->arena, n, sizeof *copy);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, values, n * sizeof *copy);
    condition->op = CONDITION_IN;
    condition->values = copy;
    condition->n_values = n;
    return parse_end(parser);
}

static int parse_field(struct parser *parser, const char **out)
{
    skip_space(parser);
    size_t n = word_bytes(parser->at);
    if (!n)
        return wrong(parser, "a field name is missing");
    *out = take_text(parser, parser->at, n);
    parser->at += n;
    if (!*out)
        return -ENOMEM;
    return has_full_width(*out)
               ? wrong(parser, "full-width marks; write them in ASCII: == != < <= > >= ( , )")
               : 0;
}

/* "has F" and "no F"; but "has == 1" compares a field of that name. */
static bool takes_keyword(struct parser *parser, const char *keyword)
{
    size_t n = strlen(keyword);
    if (strncmp(parser->at, keyword, n) != 0 || !is_space(parser->at[n]))
        return false;
    const char *after = parser->at + n;
    while (is_space(*after))
        after++;
    bool is_in = strncmp(after, "in", 2) == 0 && (is_space(after[2]) || after[2] == '(');
    if (!word_bytes(after) || is_in)
        return false;
    parser->at = after;
    return true;
}

static int parse_comparison(struct parser *parser, struct condition *condition)
{
    int error = parse_field(parser, &condition->field);
    if (error)
        return error;
    skip_space(parser);
    if (strncmp(parser->at, "in", 2) == 0 && word_bytes(parser->at) == 2) {
        parser->at += 2;
        return parse_list(parser, condition);
    }
    error = parse_operator(parser, &condition->op);
    if (error)
        return error;
    const char **value = arena_alloc_array(parser->arena, 1, sizeof *value);
    if (!value)
        return -ENOMEM;
    error = parse_value(parser, "", value);
    condition->values = value;
    condition->n_values = 1;
    return error ? error : parse_end(parser);
}

int condition_parse(struct arena *arena, const char *text, struct condition *out, const char **why)
{
    struct parser parser = {.arena = arena, .at = text};
    struct condition condition = {0};
    condition.text = arena_strdup(arena, text);
    skip_space(&parser);
    int error;
    bool has = takes_keyword(&parser, "has");
    if (!condition.text) {
        error = -ENOMEM;
    } else if (has || takes_keyword(&parser, "no")) {
        condition.op = has ? CONDITION_HAS : CONDITION_NO;
        error = parse_field(&parser, &condition.field);
        if (!error)
            error = parse_end(&parser);
    } else {
        error = parse_comparison(&parser, &condition);
    }
    if (error == -EINVAL)
        *why = parser.why;
    if (!error)
        *out = condition;
    return error;
}

/* -- holding -- */

/* -1 no, 1 yes, 0 neither. */
static int truth(const char *value)
{
    static const char *const yes[] = {"true", "yes", "1", "是"}, *const no[] = {"false", "no", "0", "否"};
    for (size_t i = 0; i < 4; i++) {
        if (strcasecmp(value, yes[i]) == 0)
            return 1;
        if (strcasecmp(value, no[i]) == 0)
            return -1;
    }
    return 0;
}

/* A decimal number taken apart, so that long ids and amounts compare exactly. */
struct decimal {
    bool negative;
    const char *whole, *fraction; /* without leading and trailing zeros */
    size_t whole_n, fraction_n;
};

static size_t digits(const char *at)
{
    return strspn(at, "0123456789");
}

static bool parse_decimal(const char *text, struct decimal *out)
{
    struct decimal number = {.negative = *text == '-'};
    if (*text == '-' || *text == '+')
        text++;
    number.whole = text;
    number.whole_n = digits(text);
    text += number.whole_n;
    if (!number.whole_n)
        return false;
    if (*text == '.') {
        number.fraction = ++text;
        number.fraction_n = digits(text);
        text += number.fraction_n;
        if (!number.fraction_n)
            return false;
    }
    if (*text)
        return false;
    while (number.whole_n && *number.whole == '0') {
        number.whole++;
        number.whole_n--;
    }
    while (number.fraction_n && number.fraction[number.fraction_n - 1] == '0')
        number.fraction_n--;
    if (!number.whole_n && !number.fraction_n)
        number.negative = false;
    *out = number;
    return true;
}

static int compare_magnitude(const struct decimal *a, const struct decimal *b)
{
    if (a->whole_n != b->whole_n)
        return a->whole_n < b->whole_n ? -1 : 1;
    int order = a->whole_n ? memcmp(a->whole, b->whole, a->whole_n) : 0;
    size_t n = a->fraction_n < b->fraction_n ? a->fraction_n : b->fraction_n;
    if (!order && n)
        order = memcmp(a->fraction, b->fraction, n);
    if (order)
        return order;
    return a->fraction_n == b->fraction_n ? 0 : a->fraction_n < b->fraction_n ? -1 : 1;
}

static int compare_decimals(const struct decimal *a, const struct decimal *b)
{
    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    int order = compare_magnitude(a, b);
    return a->negative ? -order : order;
}

static bool equal(const char *a, const char *b)
{
    struct decimal left, right;
    int truth_a = truth(a);
    if (truth_a && truth_a == truth(b))
        return true;
    if (parse_decimal(a, &left) && parse_decimal(b, &right))
        return compare_decimals(&left, &right) == 0;
    return strcmp(a, b) == 0;
}

/* Text orders as text, which is right for dates; a number and a text have no order. */
static bool ordered(enum condition_op op, const char *value, const char *limit)
{
    struct decimal left, right;
    bool is_number = parse_decimal(value, &left), limit_is_number = parse_decimal(limit, &right);
    if (is_number != limit_is_number)
        return false;
    int order = is_number ? compare_decimals(&left, &right) : strcmp(value, limit);
    switch (op) {
    case CONDITION_LT:
        return order < 0;
    case CONDITION_LE:
        return order <= 0;
    case CONDITION_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}

static bool is_among(const struct condition *condition, const char *value)
{
    for (size_t i = 0; i < condition->n_values; i++)
        if (equal(value, condition->values[i]))
            return true;
    return false;
}

bool condition_holds(const struct condition *condition, const struct fields *fields)
{
    const char *value = fields_get(fields, condition->field);
    bool missing = !value || !*value;
    switch (condition->op) {
    case CONDITION_HAS:
        return !missing;
    case CONDITION_NO:
        return missing;
    case CONDITION_NE:
        return missing || !equal(value, condition->values[0]);
    case CONDITION_EQ:
    case CONDITION_IN:
        return !missing && is_among(condition, value);
    default:
        return !missing && ordered(condition->op, value, condition->values[0]);
    }
}

const struct condition *conditions_failing(const struct conditions *conditions, const struct fields *fields)
{
    for (size_t i = 0; i < conditions->n; i++)
        if (!condition_holds(&conditions->items[i], fields))
            return &conditions->items[i];
    return NULL;
}

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/template.h"
#include "failing_alloc.h"

/* Values of the tests: fixed names, and a list "people" of two. */
struct scene {
    size_t element;
    int depth;
};

static const struct {
    const char *name, *value;
    bool is_private;
} known[] = {
    {"owner.name", "张伟", false},
    {"candidate_name", "王小明", true},
    {"position", "Java工程师", false},
    {"round", "2", false},
    {"link", "https://hr.example.com/i/7", false},
    {"empty", "", false},
    {"evil", "[x](http://evil) <@all>", false},
    {"id", "iv 20931/甲", false},
    {"yes", "1", false},
};

static bool value(void *data, const char *name, struct buffer *out, bool *is_private)
{
    const struct scene *scene = data;
    static const char *const people[] = {"李雷", "陈静"};
    if (strcmp(name, "who") == 0 && scene->depth) {
        buffer_add_text(out, people[scene->element]);
        return true;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, name) != 0)
            continue;
        *is_private = known[i].is_private;
        buffer_add_text(out, known[i].value);
        return known[i].value[0];
    }
    return false;
}

static size_t section(void *data, const char *name)
{
    struct buffer out;
    bool is_private;
    if (strcmp(name, "people") == 0)
        return 2;
    buffer_init(&out);
    bool there = value(data, name, &out, &is_private);
    buffer_finish(&out);
    return there;
}

static void enter(void *data, const char *name, size_t i)
{
    struct scene *scene = data;
    scene->depth++;
    if (strcmp(name, "people") == 0)
        scene->element = i;
}

static void leave(void *data)
{
    struct scene *scene = data;
    scene->depth--;
}

static int render(const char *text, const struct template_options *options, struct buffer *title,
                  struct buffer *body)
{
    struct scene scene = {0};
    struct template_values values = {&scene, value, section, enter, leave};
    struct template *template;
    const char *why;
    int line, error = template_parse(text, strlen(text), &template, &why, &line);
    if (error)
        return error;
    error = template_render(template, &values, options, title, body);
    if (!error)
        assert_int_equal(scene.depth, 0);
    template_destroy(template);
    return error;
}

static void test_rendering(void **state)
{
    (void)state;
    static const struct {
        const char *text, *title, *body;
    } cases[] = {
        {"标题 {{owner.name}}\n{{ position }}\n", "标题 张伟", "Java工程师"},
        {"# t\r\na\r\nb\r\n", "t", "a\nb"},
        {"\xEF\xBB\xBFt", "t", ""},
        /* lines of which only tags remain vanish */
        {"t\na\n{{#empty}}\nx\n{{/empty}}\nb", "t", "a\nb"},
        {"t\na\n{{#empty}}x{{/empty}}\nb", "t", "a\nb"},
        {"t\na\n{{missing}}\nb", "t", "a\nb"},
        {"t\na\n  {{! a comment\n over lines }}\nb", "t", "a\nb"},
        {"t\na\n\n{{#empty}}x{{/empty}}\n\nb", "t", "a\n\nb"},
        {"t\n\n\na\n\n\n\nb\n\n", "t", "a\n\nb"},
        {"t\na  \nb\t", "t", "a\nb"},
        /* sections */
        {"t\n{{#people}}\n- {{who}}\n{{/people}}\nend", "t", "- 李雷\n- 陈静\nend"},
        {"t\n{{#people}}{{who}},{{/people}}", "t", "李雷,陈静,"},
        {"t\n{{#yes}}{{^empty}}in{{/empty}}{{/yes}}{{^yes}}out{{/yes}}", "t", "in"},
        {"t {{#empty}}x{{/empty}} ", "t", ""},
        /* escaping; a link of our own passes */
        {"t\n[go]({{link}}) [go]({{{link}}})", "t",
         "[go](https://hr.example.com/i/7) [go](https://hr.example.com/i/7)"},
        {"{{evil}}\n{{evil}}", "［x］(http：//evil) ＜＠all＞", "［x］(http：//evil) ＜＠all＞"},
    };
    static const struct template_options options = {DIALECT_WECOM, false};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer title, body;
        buffer_init(&title);
        buffer_init(&body);
        int error = render(cases[i].text, &options, &title, &body);
        if (error || strcmp(buffer_text(&title), cases[i].title) != 0 ||
            strcmp(buffer_text(&body), cases[i].body) != 0)
            fail_msg("case %zu: %d\n<<%s>>\ngives <<%s>>\n<<%s>>", i, error, cases[i].text,
                     buffer_text(&title), buffer_text(&body));
        buffer_finish(&title);
        buffer_finish(&body);
    }
}

static void test_bad_templates(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
        int line;
    } cases[] = {
        {"", "title", 1},
        {"\nbody", "title", 1},
        {"t\n{{a", "not closed", 2},
        {"t\n\n{{{link}}", "not closed", 3},
        {"t\n{{#a}}\nx\n", "never closed", 2},
        {"t\nx{{/a}}", "never opened", 2},
        {"t\n{{#a}}\n{{#b}}\n{{/a}}", "does not match", 4},
        {"t\n{{}}", "cannot be read", 2},
        {"t\n{{a b}}", "cannot be read", 2},
        {"t\n{{> part}}", "not known", 2},
        {"t\n{{& a}}", "not known", 2},
        {"t\n{{{candidate_name}}}", "link alone", 2},
        {"t {{a\n}}", "first line", 1},
        {"t {{#a}}\n{{/a}}", "never closed", 1},
        {"t\n{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}", "too deeply", 2},
        {"t\n\xB0\xA1", "UTF-8", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct template *template;
        const char *why = "";
        int line = 0;
        int error = template_parse(cases[i].text, strlen(cases[i].text), &template, &why, &line);
        if (error >= 0 || !strstr(why, cases[i].why) || line != cases[i].line)
            fail_msg("case %zu: %d, line %d: %s", i, error, line, why);
    }
}

static void test_escaping(void **state)
{
    (void)state;
    static const struct {
        const char *value, *plain, *commonmark, *chat;
    } cases[] = {
        {"王小明", "王小明", "王小明", "王小明"},
        {"a\r\nBcc: x@y", "a Bcc: x@y", "a Bcc: x@y", "a Bcc: x@y"},
        {"a\x01\x1b[31m", "a[31m", "a\\[31m", "a［31m"},
        {"\xE2\x80\xAE"
         "evil\xE2\x81\xA6"
         "x",
         "evilx", "evilx", "evilx"}, /* U+202E, U+2066 */
        {"  a \t b  ", "a b", "a b", "a b"},
        {"[去](http://evil.example)", "[去](http：//evil.example)", "\\[去\\](http：//evil.example)",
         "［去］(http：//evil.example)"},
        {"dtmd://x", "dtmd：//x", "dtmd：//x", "dtmd：//x"},
        {"<@all>", "＜@all>", "\\<@all\\>", "＜＠all＞"},
        {"<AT user_id=\"all\">", "＜AT user_id=\"all\">", "\\<AT user_id=\"all\"\\>",
         "＜AT user_id=\"all\"＞"},
        {"<b>&amp;", "<b>&amp;", "\\<b\\>\\&amp;", "＜b＞&amp;"},
        {"@13800000000 hi", "@13800000000 hi", "@13800000000 hi", "＠13800000000 hi"},
        {"a@example.com", "a@example.com", "a@example.com", "a@example.com"},
        {"# h", "# h", "\\# h", "＃ h"},
        {"> q", "> q", "\\> q", "＞ q"},
        {"- i", "- i", "\\- i", "－ i"},
        {"---", "---", "\\---", "－--"},
        {"1. i", "1. i", "1\\. i", "1. i"},
        {"**b** `c` ~d~", "**b** `c` ~d~", "\\*\\*b\\*\\* \\`c\\` \\~d\\~", "＊＊b＊＊ ˋcˋ ～d～"},
        {"a\\", "a\\", "a\\\\", "a＼"},
        {"snake_case _it_", "snake_case _it_", "snake_case \\_it\\_", "snake_case ＿it＿"},
        {"", "", "", ""},
        {"\xC3", "?", "?", "?"},
    };
    static const enum dialect dialects[] = {DIALECT_PLAIN, DIALECT_COMMONMARK, DIALECT_WECOM,
                                            DIALECT_DINGTALK};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *wanted[] = {cases[i].plain, cases[i].commonmark, cases[i].chat, cases[i].chat};
        for (size_t d = 0; d < 4; d++) {
            struct buffer out;
            buffer_init(&out);
            template_escape(&out, dialects[d], cases[i].value);
            if (strcmp(buffer_text(&out), wanted[d]) != 0)
                fail_msg("\"%s\" in dialect %zu: \"%s\", expected \"%s\"", cases[i].value, d,
                         buffer_text(&out), wanted[d]);
            buffer_finish(&out);
        }
    }
}

/* What turns a text around, breaks its lines or hides in it: nothing of it reaches a message. */
static void test_hidden_characters(void **state)
{
    (void)state;
    static const char *const hidden[] = {
        "\xC2\x85",     "\xC2\x9B",     "\xC2\xAD",
        "\xD8\x9C",     "\xE1\xA0\x8E", /* U+0085 009B AD 61C 180E */
        "\xE2\x80\x8B", "\xE2\x80\x8E", "\xE2\x80\x8F",
        "\xE2\x80\xA8", "\xE2\x80\xA9", /* 200B 200E 200F 2028 2029 */
        "\xE2\x80\xAA", "\xE2\x80\xAB", "\xE2\x80\xAC",
        "\xE2\x80\xAD", "\xE2\x80\xAE", /* 202A .. 202E */
        "\xE2\x81\xA0", "\xE2\x81\xA6", "\xE2\x81\xA7",
        "\xE2\x81\xA8", "\xE2\x81\xA9",                     /* 2060 2066 .. 2069 */
        "\xEF\xBB\xBF", "\xEF\xBF\xB9", "\xF3\xA0\x80\xA0", /* FEFF FFF9 E0020 */
    };
    static const enum dialect dialects[] = {DIALECT_PLAIN, DIALECT_COMMONMARK, DIALECT_WECOM,
                                            DIALECT_DINGTALK};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        for (size_t d = 0; d < sizeof dialects / sizeof *dialects; d++) {
            char text[16];
            struct buffer out;
            buffer_init(&out);
            snprintf(text, sizeof text, "x%sy", hidden[i]);
            template_escape(&out, dialects[d], text);
            if (strcmp(buffer_text(&out), "xy") != 0 && strcmp(buffer_text(&out), "x y") != 0)
                fail_msg("hidden character %zu in dialect %zu: \"%s\"", i, d, buffer_text(&out));
            buffer_finish(&out);
        }
    }
}

static void test_long_values_are_cut(void **state)
{
    (void)state;
    char text[3001];
    for (size_t i = 0; i < 3000; i += 3)
        memcpy(text + i, "面", 3);
    text[3000] = '\0';
    struct buffer out;
    buffer_init(&out);
    template_escape(&out, DIALECT_WECOM, text);
    assert_int_equal(out.n, 198 + 3);
    assert_string_equal(buffer_text(&out) + 198, "…");
    buffer_finish(&out);
}

/* Whatever a value holds, nothing of it is markup, a line or a control character. */
static void test_no_byte_gets_through(void **state)
{
    (void)state;
    for (int c = 1; c < 128; c++) {
        char text[] = {(char)c, 'x', (char)c, (char)c, '\0'};
        struct buffer out;
        buffer_init(&out);
        template_escape(&out, DIALECT_DINGTALK, text);
        for (size_t i = 0; i < out.n; i++)
            if ((unsigned char)out.bytes[i] < 0x20 || out.bytes[i] == 0x7F ||
                strchr("<>[]`\\~", out.bytes[i]))
                fail_msg("byte %d of value %d came through", out.bytes[i], c);
        buffer_finish(&out);
    }
}

static void test_masking(void **state)
{
    (void)state;
    static const struct {
        const char *name, *masked;
    } cases[] = {{"王小明", "王*"}, {"Wang Xiaoming", "W*"}, {" 王", "王*"}, {"", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;
        buffer_init(&out);
        template_mask(&out, cases[i].name);
        assert_string_equal(buffer_text(&out), cases[i].masked);
        buffer_finish(&out);
    }
    static const struct template_options group = {DIALECT_DINGTALK, true}, mail = {DIALECT_COMMONMARK, true};
    struct buffer title, body;
    buffer_init(&title);
    buffer_init(&body);
    render("{{candidate_name}} {{owner.name}}", &group, &title, &body);
    assert_string_equal(buffer_text(&title), "王* 张伟");
    buffer_clear(&title);
    render("{{candidate_name}}", &mail, &title, &body);
    assert_string_equal(buffer_text(&title), "王\\*");
    buffer_finish(&title);
    buffer_finish(&body);
}

static void test_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_url;
        const char *line;
    } cases[] = {
        {"{{candidate_name}} · {{position}} · 第{{round}}轮", false, "王小明 · Java工程师 · 第2轮"},
        {"{{candidate_name}} · {{missing}} · 第{{round}}轮", false, "王小明 · 第2轮"},
        {"{{candidate_name}} · 第{{missing}}轮", false, "王小明"},
        {"{{missing}} · {{position}}", false, "Java工程师"},
        {"{{missing}}", false, ""},
        {"fixed · words", false, "fixed · words"},
        {"{{#missing}}a · b{{/missing}} · {{position}}", false, "Java工程师"},
        {"{{#yes}}a · b{{/yes}} · {{position}}", false, "a · b · Java工程师"},
        {"{{broken", false, ""},
        {"https://hr.example.com/i/{{round}}/f", true, "https://hr.example.com/i/2/f"},
        {"https://hr.example.com/i/{{id}}", true, "https://hr.example.com/i/iv%2020931%2F%E7%94%B2"},
        {"https://hr.example.com/i/{{evil}}", true,
         "https://hr.example.com/i/%5Bx%5D%28http%3A%2F%2Fevil%29%20%3C%40all%3E"},
        {"https://hr.example.com/i/{{missing}}/f", true, ""},
        {"https://hr.example.com/i?a={{missing}}&b={{round}}", true, "https://hr.example.com/i?a=&b=2"},
        {"https://hr.example.com/i{{#round}}/{{round}}{{/round}}?b=1", true,
         "https://hr.example.com/i/2?b=1"},
        {"https://hr.example.com/a (b)", true, "https://hr.example.com/a%20%28b%29"},
    };
    struct template_options options = {DIALECT_PLAIN, false};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene = {0};
        struct template_values values = {&scene, value, section, enter, leave};
        struct buffer out;
        buffer_init(&out);
        assert_int_equal(template_render_line(cases[i].text, &values, &options, cases[i].is_url, &out), 0);
        if (strcmp(buffer_text(&out), cases[i].line) != 0)
            fail_msg("%s\n  gives    %s\n  expected %s", cases[i].text, buffer_text(&out), cases[i].line);
        buffer_finish(&out);
    }
}

static struct template *parsed(const char *text)
{
    struct template *template = NULL;
    const char *why;
    int line;
    assert_int_equal(template_parse(text, strlen(text), &template, &why, &line), 0);
    return template;
}

static void test_languages(void **state)
{
    (void)state;
    struct templates *templates = templates_create();
    struct template *zh = parsed("zh"), *en = parsed("en"), *only = parsed("only");
    assert_int_equal(templates_add(templates, "zh-CN", "reminder", zh), 0);
    assert_int_equal(templates_add(templates, "en", "reminder", en), 0);
    assert_int_equal(templates_add(templates, "en", "chase", only), 0);
    assert_int_not_equal(templates_add(templates, "en", "chase", parsed("again")), 0);
    assert_ptr_equal(templates_find(templates, "zh-CN", "reminder"), zh);
    assert_ptr_equal(templates_find(templates, "zh", "reminder"), zh);
    assert_ptr_equal(templates_find(templates, "en-US", "reminder"), en);
    assert_ptr_equal(templates_find(templates, "de", "reminder"), zh);
    assert_ptr_equal(templates_find(templates, NULL, "reminder"), zh);
    assert_int_equal(templates_set_default(templates, "en"), 0);
    assert_ptr_equal(templates_find(templates, "de", "reminder"), en);
    assert_ptr_equal(templates_find(templates, "zh-CN", "chase"), only);
    assert_null(templates_find(templates, "en", "digest"));
    templates_destroy(templates);
    templates_destroy(NULL);
}

static void count_name(void *data, const char *name, int line)
{
    struct buffer *out = data;
    buffer_printf(out, "%s:%d ", name, line);
}

static void test_names(void **state)
{
    (void)state;
    struct template *template = parsed("{{a}}\nx\n{{#b}}{{c.d}}\n{{/b}}{{{link}}}");
    struct buffer out;
    buffer_init(&out);
    template_names(template, count_name, &out);
    assert_string_equal(buffer_text(&out), "a:1 b:3 c.d:3 link:4 ");
    buffer_finish(&out);
    template_destroy(template);
}

static void test_every_allocation_failing(void **state)
{
    (void)state;
    static const struct template_options options = {DIALECT_WECOM, false};
    for (long n = 0;; n++) {
        struct buffer title, body;
        buffer_init(&title);
        buffer_init(&body);
        failing_alloc_after(n);
        int error =
            render("{{owner.name}} {{position}}\n{{#people}}{{who}}{{/people}}\n", &options, &title, &body);
        failing_alloc_never();
        buffer_finish(&title);
        buffer_finish(&body);
        if (!error)
            break;
        assert_in_range(n, 0, 100);
    }
    struct templates *templates = templates_create();
    for (long n = 0; n < 3; n++) {
        struct template *template = parsed("t");
        failing_alloc_after(n);
        assert_int_not_equal(templates_add(templates, "en", "t", template), 0);
        failing_alloc_never();
    }
    assert_null(templates_find(templates, "en", "t"));
    templates_destroy(templates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rendering),
        cmocka_unit_test(test_bad_templates),
        cmocka_unit_test(test_escaping),
        cmocka_unit_test(test_hidden_characters),
        cmocka_unit_test(test_long_values_are_cut),
        cmocka_unit_test(test_no_byte_gets_through),
        cmocka_unit_test(test_masking),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_languages),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_every_allocation_failing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

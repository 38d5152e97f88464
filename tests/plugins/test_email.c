#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "host.h"

static struct host host;
static const struct cuiban_recipient zhang = {"zhang.wei", "张伟", "zhang.wei@example.com"};

static void open_with(const char *name, const char *value)
{
    const char *const pairs[] = {
        "server", "smtp://mail.example.com:2525", "from", "人事部 <hr@example.com>", name, value, NULL};
    if (!host_open(&host, pairs))
        fail_msg("%s", host.error);
}

static int finish(void **state)
{
    (void)state;
    host_close(&host);
    return 0;
}

static void prepare(const struct cuiban_message *message)
{
    if (host_prepare(&host, message) != 0)
        fail_msg("%s", host.verdict.reason);
    assert_int_equal(host.request.kind, CUIBAN_REQUEST_SMTP);
}

/* A header with its folds as they are, without name and CR LF; freed by the caller. */
static char *header(const char *name)
{
    char start[80];
    snprintf(start, sizeof start, "\r\n%s: ", name);
    const char *end_of_headers = strstr(host.request.body, "\r\n\r\n");
    const char *at = strstr(host.request.body, start);
    assert_non_null(end_of_headers);
    if (!at || at > end_of_headers)
        return NULL;
    at += strlen(start);
    const char *end = strstr(at, "\r\n");
    while (end[2] == ' ')
        end = strstr(end + 2, "\r\n");
    return strndup(at, (size_t)(end - at));
}

static void check_header(const char *name, const char *expected)
{
    char *value = header(name);
    assert_non_null(value);
    assert_string_equal(value, expected);
    free(value);
}

/* The decoded part of a type; freed by the caller. */
static char *part(const char *type)
{
    char mark[80];
    snprintf(mark, sizeof mark,
             "Content-Type: %s; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n", type);
    const char *at = strstr(host.request.body, mark);
    assert_non_null(at);
    at += strlen(mark);
    const char *end = strstr(at, "--=_");
    char *digits = calloc(1, (size_t)(end - at) + 1), *text = calloc(1, (size_t)(end - at) + 4);
    size_t n = 0;
    for (; at < end; at++) {
        if (*at != '\r' && *at != '\n')
            digits[n++] = *at;
    }
    int length = EVP_DecodeBlock((unsigned char *)text, (const unsigned char *)digits, (int)n);
    assert_true(length >= 0);
    for (size_t i = n; i > 0 && digits[i - 1] == '='; i--)
        length--;
    text[length] = '\0';
    free(digits);
    return text;
}

static void test_mail(void **state)
{
    (void)state;
    open_with("reply_to", "recruiting@example.com");
    struct cuiban_message message = host_message(&zhang, 1);
    prepare(&message);
    assert_string_equal(host.request.url, "smtp://mail.example.com:2525/example.com");
    assert_string_equal(host.request.from, "hr@example.com");
    assert_string_equal(host.request.to, "zhang.wei@example.com");
    assert_true(host.request.require_tls);
    assert_null(host.request.user);
    check_header("From", "=?UTF-8?B?5Lq65LqL6YOo?= <hr@example.com>");
    check_header("To", "=?UTF-8?B?5byg5Lyf?= <zhang.wei@example.com>");
    check_header("Reply-To", "recruiting@example.com");
    check_header("Auto-Submitted", "auto-generated");
    check_header("X-Auto-Response-Suppress", "All");
    check_header("MIME-Version", "1.0");
    assert_true(strncmp(host.request.body, "Date: Fri, 21 Nov 2025 11:10:00 +0800\r\n", 39) == 0);
    assert_true(strstr(host.request.body, "text/plain") < strstr(host.request.body, "text/html"));
}

static void test_wire_form(void **state)
{
    (void)state;
    open_with(NULL, NULL);
    struct cuiban_message message = host_message(&zhang, 1);
    message.body = "一\n.\n..\n\r\n.\r\nQUIT\r\n";
    prepare(&message);
    size_t line = 0;
    for (size_t i = 0; i < host.request.body_n; i++) {
        char c = host.request.body[i];
        if (c == '\n')
            assert_true(i > 0 && host.request.body[i - 1] == '\r');
        if (c == '\r')
            assert_int_equal(host.request.body[i + 1], '\n');
        assert_true((unsigned char)c < 0x80);
        line = c == '\n' ? 0 : line + 1;
        assert_true(line <= 998);
    }
    assert_int_equal(host.request.body[host.request.body_n - 1], '\n');
}

static void test_dates(void **state)
{
    (void)state;
    static const struct {
        int64_t now_ms;
        int32_t zone_s;
        const char *date;
    } cases[] = {
        {0, 0, "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n"},
        {INT64_C(1709164799999), 28800, "Date: Thu, 29 Feb 2024 07:59:59 +0800\r\n"},
        {INT64_C(1767196800000), 28800, "Date: Thu, 1 Jan 2026 00:00:00 +0800\r\n"},
        {INT64_C(4102444800000), -12600, "Date: Thu, 31 Dec 2099 20:30:00 -0330\r\n"},
        {INT64_C(951782400000), 19800, "Date: Tue, 29 Feb 2000 05:30:00 +0530\r\n"},
    };
    open_with(NULL, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cuiban_message message = host_message(&zhang, 1);
        message.now_ms = cases[i].now_ms;
        message.zone_offset_s = cases[i].zone_s;
        prepare(&message);
        if (strncmp(host.request.body, cases[i].date, strlen(cases[i].date)) != 0)
            fail_msg("%.45s, not %s", host.request.body, cases[i].date);
    }
}

static void test_subject(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"Interview feedback is due", "Interview feedback is due"},
        {"【P1】磁盘使用率 95% host=web-01 请尽快处理，超过十分钟未确认将升级",
         "=?UTF-8?B?44CQUDHjgJHno4Hnm5jkvb/nlKjnjocgOTUlIGhvc3Q9d2ViLTAxIOivtw==?=\r\n"
         " =?UTF-8?B?5bC95b+r5aSE55CG77yM6LaF6L+H5Y2B5YiG6ZKf5pyq56Gu6K6k5bCG5Y2H?=\r\n =?UTF-8?B?57qn?="},
        {"a\r\nBcc: evil@example.com\r\n\r\nbody", "a Bcc: evil@example.com body"},
        {"=?UTF-8?B?5Lq6?=", "=?UTF-8?B?PT9VVEYtOD9CPzVMcTY/PQ==?="},
        {"a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m n o p",
         "a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j\r\n k l m n o p"},
    };
    open_with(NULL, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cuiban_message message = host_message(&zhang, 1);
        message.title_plain = cases[i][0];
        prepare(&message);
        check_header("Subject", cases[i][1]);
        assert_null(strstr(host.request.body, "\r\nBcc:"));
    }
}

/* Encoded words of any text: at most 75 characters, each a whole number of characters. */
static void test_encoded_words(void **state)
{
    (void)state;
    open_with(NULL, NULL);
    for (size_t pad = 0; pad < 50; pad++) {
        char title[300], *value;
        int n = snprintf(title, sizeof title, "%.*s", (int)pad,
                         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        for (size_t i = 0; i < 12; i++)
            n += snprintf(title + n, sizeof title - (size_t)n, "催🔔é");
        struct cuiban_message message = host_message(&zhang, 1);
        message.title_plain = title;
        prepare(&message);
        value = header("Subject");
        char *left = value;
        for (char *word = strsep(&left, "\r"); word; word = strsep(&left, "\r")) {
            word += strspn(word, "\n ");
            unsigned char raw[80];
            size_t length = strlen(word);
            assert_true(length <= 75 && length > 12);
            word[length - 2] = '\0';
            int bytes = EVP_DecodeBlock(raw, (unsigned char *)word + 10, (int)length - 12);
            while (bytes > 0 && raw[bytes - 1] == 0)
                bytes--;
            assert_true(bytes > 0 && host_is_utf8((char *)raw, (size_t)bytes));
        }
        free(value);
    }
}

static void test_message_id(void **state)
{
    (void)state;
    open_with("domain", "notes.example.com");
    struct cuiban_message message = host_message(&zhang, 1);
    prepare(&message);
    /* printf 'Q7KM-1|zhang.wei@example.com|notes.example.com' | sha256sum | cut -c1-32 */
    check_header("Message-ID", "<afa496a0d8310dda3af9a2a35bebacfd@notes.example.com>");
    check_header("In-Reply-To", "<ac42ea1074a201cfbea2665cbdaf700d@notes.example.com>");
    check_header("References", "<ac42ea1074a201cfbea2665cbdaf700d@notes.example.com>");
    char *first = header("Message-ID");
    message.attempt = 2;
    message.now_ms += 600000;
    prepare(&message);
    check_header("Message-ID", first);
    message.id = "Q7KM-2";
    prepare(&message);
    char *second = header("Message-ID");
    assert_string_not_equal(first, second);
    check_header("References", "<ac42ea1074a201cfbea2665cbdaf700d@notes.example.com>");
    free(first);
    free(second);
}

static void test_bodies(void **state)
{
    (void)state;
    open_with(NULL, NULL);
    struct cuiban_message message = host_message(&zhang, 1);
    message.body = "王\\*小\\[明 **粗**\n第二行\n\n> 引\n> 用\n\n- 一\n- "
                   "二\n\n[去填写](https://hr.example.com/x?a=1&b=2)";
    prepare(&message);
    char *plain = part("text/plain"), *html = part("text/html");
    assert_string_equal(
        plain, "面试反馈，请在今天 15:10 前提交\n\n王*小[明 粗\n第二行\n\n> 引\n> 用\n\n- 一\n- 二\n\n"
               "去填写 (https://hr.example.com/x?a=1&b=2)\n\n"
               "去处理：https://hr.example.com/interviews/iv-20931/feedback\n\n编号 Q7KM-1\n");
    assert_non_null(strstr(html, "<strong>粗</strong><br />\n第二行"));
    assert_non_null(strstr(html, "<a href=\"https://hr.example.com/x?a=1&amp;b=2\">去填写</a>"));
    assert_non_null(strstr(html, "<li>一</li>"));
    free(plain);
    free(html);
}

static void test_hostile_bodies(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "<script>alert(1)</script>", "<img src=\"http://evil/p.png\">",
        "![p](http://evil/p.png)",   "[x](javascript:alert(1))",
        "[x](data:text/html,y)",     "a <b onclick=\"x\">b</b>",
        "[x](file:///etc/passwd)",   "[![p](http://evil/p.png)](dtmd://x)",
    };
    open_with(NULL, NULL);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct cuiban_message message = host_message(&zhang, 1);
        message.body = bodies[i];
        message.title_plain = "<script>\"&";
        prepare(&message);
        char *html = part("text/html");
        if (strstr(html, "<script") || strstr(html, "<img") || strstr(html, "javascript:") ||
            strstr(html, "data:") || strstr(html, "onclick") || strstr(html, "file:") ||
            strstr(html, "dtmd:"))
            fail_msg("%s became %s", bodies[i], html);
        assert_non_null(strstr(html, "&lt;script&gt;&quot;&amp;"));
        free(html);
    }
}

static void test_size(void **state)
{
    (void)state;
    size_t n = 400 * 1000;
    char *body = calloc(1, n + 8);
    for (size_t i = 0; i + 4 < n; i += 3)
        memcpy(body + i, "催", 4);
    open_with(NULL, NULL);
    struct cuiban_message message = host_message(&zhang, 1);
    message.body = body;
    prepare(&message);
    assert_true(host.request.body_n < 200 * 1000);
    char *plain = part("text/plain");
    assert_true(host_is_utf8(plain, strlen(plain)));
    assert_non_null(strstr(plain, "已截断"));
    assert_non_null(strstr(plain, message.link));
    free(plain);
    free(body);
}

static void test_recipients(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool fine;
    } cases[] = {
        {"zhang.wei@example.com", true},
        {"z+tag@a.b", true},
        {"zhang.wei", false},
        {"a@b@c", false},
        {"a@b\r\nRCPT TO:<x@y>", false},
        {"a b@c.d", false},
        {"<a@b.c>", false},
        {"a@b.c,d@e.f", false},
        {"\"a\"@b.c", false},
        {"@b.c", false},
        {"a@", false},
        {"a@-b.c", false},
        {"a..b@c.d", false},
        {"张@例子.中国", false},
        {"", false},
        {NULL, false},
    };
    open_with(NULL, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cuiban_recipient recipient = {"x", "张\r\nBcc: y@example.com", cases[i].address};
        struct cuiban_message message = host_message(&recipient, 1);
        int result = host_prepare(&host, &message);
        if ((result == 0) != cases[i].fine)
            fail_msg("'%s': %d", cases[i].address ? cases[i].address : "none", result);
        if (result == 0)
            assert_null(strstr(host.request.body, "\r\nBcc"));
        else
            assert_int_equal(host.verdict.kind, CUIBAN_REFUSED);
    }
    const struct cuiban_recipient two[] = {zhang, zhang};
    struct cuiban_message message = host_message(two, 2);
    assert_int_equal(host_prepare(&host, &message), -1);
    message = host_message(NULL, 0);
    assert_int_equal(host_prepare(&host, &message), -1);
}

static void test_names(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"Zhang Wei", "\"Zhang Wei\" <zhang.wei@example.com>"},
        {"\"Z\\\" <a@b.c>", "\"\\\"Z\\\\\\\" <a@b.c>\" <zhang.wei@example.com>"},
        {"", "zhang.wei@example.com"},
        {NULL, "zhang.wei@example.com"},
    };
    open_with(NULL, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cuiban_recipient recipient = {"x", cases[i][0], "zhang.wei@example.com"};
        struct cuiban_message message = host_message(&recipient, 1);
        prepare(&message);
        check_header("To", cases[i][1]);
    }
}

static const struct {
    const char *pairs[9];
    const char *error; /* NULL: it opens, and this is the request: */
    const char *url;
    bool require_tls;
} option_cases[] = {
    {{"server", "smtp://m.example.com", "from", "hr@example.com", NULL},
     NULL,
     "smtp://m.example.com:587/example.com",
     true},
    {{"server", "smtps://m.example.com/", "from", "hr@example.com", NULL},
     NULL,
     "smtps://m.example.com:465/example.com",
     false},
    {{"server", "smtp://m.example.com:466", "from", "a <hr@example.com>", "tls", "implicit", NULL},
     NULL,
     "smtps://m.example.com:466/example.com",
     false},
    {{"server", "smtp://127.0.0.1:2525", "from", "hr@example.com", "tls", "none", NULL},
     NULL,
     "smtp://127.0.0.1:2525/example.com",
     false},
    {{"server", "smtp://[::1]", "from", "hr@example.com", "tls", "none", "domain", "d.example", NULL},
     NULL,
     "smtp://[::1]:25/d.example",
     false},
    {{"from", "hr@example.com", NULL}, "option server is missing", NULL, false},
    {{"server", "smtp://m.example.com", NULL}, "option from is missing", NULL, false},
    {{"server", "mail.example.com", "from", "hr@example.com", NULL}, "option server must be", NULL, false},
    {{"server", "smtp://m:99999", "from", "hr@example.com", NULL}, "option server must be", NULL, false},
    {{"server", "smtp://m\r\nx", "from", "hr@example.com", NULL}, "option server must be", NULL, false},
    {{"server", "smtp://m.example.com", "from", "hr", NULL}, "option from must be", NULL, false},
    {{"server", "smtp://m.example.com", "from", "hr@example.com", "tls", "none", NULL},
     "relay on this host",
     NULL,
     false},
    {{"server", "smtp://127.evil.example", "from", "hr@example.com", "tls", "none", NULL},
     "relay on this host",
     NULL,
     false},
    {{"server", "smtp://m.example.com", "from", "hr@example.com", "tls", "yes", NULL},
     "option tls",
     NULL,
     false},
    {{"server", "smtp://m.example.com", "from", "hr@example.com", "user", "u", NULL},
     "user and password",
     NULL,
     false},
    {{"server", "smtp://m.example.com", "from", "hr@example.com", "domain", "a b", NULL},
     "option domain",
     NULL,
     false},
    {{"server", "smtp://m.example.com", "from", "hr@example.com", "ca_file", "ca.pem", NULL},
     "option ca_file",
     NULL,
     false},
};

static void test_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof option_cases / sizeof *option_cases; i++) {
        bool opened = host_open(&host, option_cases[i].pairs);
        if (opened != !option_cases[i].error || (!opened && !strstr(host.error, option_cases[i].error)))
            fail_msg("case %zu: '%s'", i, host.error);
        if (opened) {
            struct cuiban_message message = host_message(&zhang, 1);
            prepare(&message);
            assert_string_equal(host.request.url, option_cases[i].url);
            assert_int_equal(host.request.require_tls != 0, option_cases[i].require_tls);
        }
        host_close(&host);
    }
}

/* The whole table of how an SMTP transaction ends. */
static void test_ends(void **state)
{
    (void)state;
    static const struct {
        int transport;
        bool sent;
        long status;
        const char *line;
        enum cuiban_verdict_kind kind;
        int64_t delay_ms;
        bool shrinks;
    } cases[] = {
        {0, true, 250, "250 2.0.0 Ok: queued as 4F1D22", CUIBAN_DELIVERED, 0, false},
        {5, false, 0, "", CUIBAN_RETRY, 0, false},
        {6, false, 0, "", CUIBAN_RETRY, 0, false},
        {7, false, 0, "", CUIBAN_RETRY, 0, false},
        /* the greeting or EHLO: every mail would fare the same */
        {8, false, 421, "421 4.3.2 busy", CUIBAN_RETRY, 0, false},
        {8, false, 450, "450 4.3.2 come back", CUIBAN_RETRY, 300000, false},
        {8, false, 554, "554 5.5.0 no SMTP service here", CUIBAN_MISCONFIGURED, 0, false},
        {8, false, 521, "521 5.3.2 takes no mail", CUIBAN_MISCONFIGURED, 0, false},
        {9, false, 550, "550 5.1.1 who are you", CUIBAN_MISCONFIGURED, 0, false},
        {9, false, 421, "421 4.3.2 busy", CUIBAN_RETRY, 0, false},
        /* about the recipient, or about us */
        {55, false, 451, "451 4.7.1 Greylisted", CUIBAN_RETRY, 300000, false},
        {55, false, 450, "450 4.2.0 try later", CUIBAN_RETRY, 300000, false},
        {55, false, 452, "452 4.5.3 too many recipients", CUIBAN_RETRY, 300000, false},
        {55, false, 550, "550 5.1.1 no such user", CUIBAN_REFUSED, 0, false},
        {55, false, 551, "551 5.1.6 moved", CUIBAN_REFUSED, 0, false},
        {55, false, 553, "553 5.1.3 bad address", CUIBAN_REFUSED, 0, false},
        {55, false, 550, "550 5.7.1 relaying denied", CUIBAN_MISCONFIGURED, 0, false},
        {55, false, 550, "550 relay not permitted", CUIBAN_MISCONFIGURED, 0, false},
        {55, false, 550, "550 5.7.133 RESOLVER.RST.SenderNotAuthenticated", CUIBAN_REFUSED, 0, false},
        {55, false, 554, "554 5.7.1 <a@b>: Relay access denied", CUIBAN_MISCONFIGURED, 0, false},
        {55, false, 530, "530 5.7.0 Must issue a STARTTLS command first", CUIBAN_MISCONFIGURED, 0, false},
        {55, false, 534, "534 5.7.9 this mechanism is too weak", CUIBAN_MISCONFIGURED, 0, false},
        {67, false, 534, "534 5.7.14 log in with your browser", CUIBAN_MISCONFIGURED, 0, false},
        {55, false, 535, "535 5.7.8 bad credentials", CUIBAN_MISCONFIGURED, 0, false},
        {55, false, 538, "538 5.7.11 encryption is required", CUIBAN_MISCONFIGURED, 0, false},
        {55, false, 523, "523 5.7.10 encryption needed", CUIBAN_MISCONFIGURED, 0, false},
        {55, false, 524, "524 5.7.11 mechanism", CUIBAN_MISCONFIGURED, 0, false},
        {55, false, 525, "525 5.7.13 account disabled", CUIBAN_MISCONFIGURED, 0, false},
        {55, false, 521, "521 5.3.2 takes no mail", CUIBAN_MISCONFIGURED, 0, false},
        {55, false, 556, "556 5.1.10 the domain takes no mail", CUIBAN_REFUSED, 0, false},
        {55, false, 550, "550 5.7.23 SPF validation failed", CUIBAN_MISCONFIGURED, 0, false},
        {55, false, 550, "550-5.7.26 unauthenticated", CUIBAN_MISCONFIGURED, 0, false},
        {8, true, 550, "550 5.7.1 Our system has detected", CUIBAN_MISCONFIGURED, 0, false},
        {55, false, 550, "550 5.7.2 not a member of the list", CUIBAN_REFUSED, 0, false},
        {55, false, 550, "550 5.7.17 the mailbox has a new owner", CUIBAN_REFUSED, 0, false},
        {55, false, 550, "550 5.7.18 the domain has a new owner", CUIBAN_REFUSED, 0, false},
        {55, false, 550, "550 5.7.1 restricted to members", CUIBAN_REFUSED, 0, false},
        {55, false, 550, "550 5.1.1 unknown at 205.7.1.9", CUIBAN_REFUSED, 0, false},
        {55, false, 550, "550", CUIBAN_REFUSED, 0, false},
        {55, false, 432, "432 4.7.12 password transition", CUIBAN_RETRY, 300000, false},
        {55, false, 552, "552 5.3.4 message too big", CUIBAN_REFUSED, 0, true},
        {55, false, 552, "552 5.2.2 mailbox full", CUIBAN_REFUSED, 0, false},
        {8, true, 452, "452 4.3.1 out of space", CUIBAN_RETRY, 300000, false},
        {8, true, 554, "554 5.7.1 message looks like spam", CUIBAN_MISCONFIGURED, 0, false},
        {8, true, 554, "554 5.6.0 malformed message", CUIBAN_REFUSED, 0, false},
        {8, true, 552, "552 5.3.4 too big", CUIBAN_REFUSED, 0, true},
        {67, false, 535, "535 5.7.8 bad credentials", CUIBAN_MISCONFIGURED, 0, false},
        {67, false, 454, "454 4.7.0 temporary failure", CUIBAN_RETRY, 300000, false},
        {67, false, 421, "421 4.7.0 later", CUIBAN_RETRY, 300000, false},
        {67, false, 0, "", CUIBAN_MISCONFIGURED, 0, false},
        {64, false, 250, "250 HELP", CUIBAN_MISCONFIGURED, 0, false},
        {35, false, 220, "220 go ahead", CUIBAN_RETRY, 0, false},
        {60, false, 220, "220 go ahead", CUIBAN_MISCONFIGURED, 0, false},
        {77, false, 220, "220 go ahead", CUIBAN_MISCONFIGURED, 0, false},
        /* No final word: who was asked for the mail (354) may have it. */
        {28, true, 354, "354 go ahead", CUIBAN_UNCERTAIN, 0, false},
        {28, false, 354, "354 go ahead", CUIBAN_UNCERTAIN, 0, false},
        {28, true, 250, "250 queued", CUIBAN_UNCERTAIN, 0, false},
        {18, true, 354, "354 go ahead", CUIBAN_UNCERTAIN, 0, false},
        {52, true, 354, "354 go ahead", CUIBAN_UNCERTAIN, 0, false},
        {8, true, 354, "354 go ahead", CUIBAN_UNCERTAIN, 0, false},
        {8, true, 200, "200 what", CUIBAN_UNCERTAIN, 0, false},
        {0, true, 354, "354 go ahead", CUIBAN_UNCERTAIN, 0, false},
        {0, true, 200, "200 what", CUIBAN_UNCERTAIN, 0, false},
        {0, true, 0, "", CUIBAN_UNCERTAIN, 0, false},
        {0, false, 220, "220 hello", CUIBAN_RETRY, 0, false},
        {55, false, 354, "354 go ahead", CUIBAN_UNCERTAIN, 0, false},
        {55, false, 250, "250 ok", CUIBAN_RETRY, 0, false},
        {8, true, 421, "421 4.3.2 closing", CUIBAN_RETRY, 0, false},
        {56, true, 451, "451 4.3.0 later", CUIBAN_RETRY, 300000, false},
        {56, true, 354, "354 go ahead", CUIBAN_UNCERTAIN, 0, false},
        {56, false, 354, "354 go ahead", CUIBAN_UNCERTAIN, 0, false},
        {56, false, 250, "250 PIPELINING", CUIBAN_RETRY, 0, false},
        {56, true, 250, "250 ok", CUIBAN_UNCERTAIN, 0, false},
        {55, true, 354, "354 go ahead", CUIBAN_UNCERTAIN, 0, false},
        {28, false, 250, "250 ok", CUIBAN_RETRY, 0, false},
        {28, false, 0, "", CUIBAN_RETRY, 0, false},
        {42, true, 354, "", CUIBAN_UNCERTAIN, 0, false},
        {42, false, 0, "", CUIBAN_RETRY, 0, false},
        {3, false, 0, "", CUIBAN_MISCONFIGURED, 0, false},
    };
    open_with(NULL, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        host_judge_transport(&host, cases[i].transport, cases[i].sent, cases[i].status, cases[i].line);
        if (host.verdict.kind != cases[i].kind || host.verdict.delay_ms != cases[i].delay_ms ||
            (host.verdict.shrink_bytes > 0) != cases[i].shrinks)
            fail_msg("%d, %ld, '%s': %s, %lld ms", cases[i].transport, cases[i].status, cases[i].line,
                     host_verdict_name(host.verdict.kind), (long long)host.verdict.delay_ms);
    }
    host_judge_transport(&host, 0, true, 250, "250 2.0.0 Ok: queued as 4F1D22");
    assert_string_equal(host.verdict.remote_id, "4F1D22");
    host_judge_transport(&host, 0, true, 250, "250 OK id=1rABCD-0001\r\n");
    assert_string_equal(host.verdict.remote_id, "1rABCD-0001");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_mail, finish),
        cmocka_unit_test_teardown(test_wire_form, finish),
        cmocka_unit_test_teardown(test_dates, finish),
        cmocka_unit_test_teardown(test_subject, finish),
        cmocka_unit_test_teardown(test_encoded_words, finish),
        cmocka_unit_test_teardown(test_message_id, finish),
        cmocka_unit_test_teardown(test_bodies, finish),
        cmocka_unit_test_teardown(test_hostile_bodies, finish),
        cmocka_unit_test_teardown(test_size, finish),
        cmocka_unit_test_teardown(test_recipients, finish),
        cmocka_unit_test_teardown(test_names, finish),
        cmocka_unit_test_teardown(test_options, finish),
        cmocka_unit_test_teardown(test_ends, finish),
    };
    host_load(&host, argc > 1 ? argv[1] : "email.so");
    int failed = cmocka_run_group_tests_name("email", tests, NULL, NULL);
    host_unload(&host);
    return failed;
}

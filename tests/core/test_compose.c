#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/compose.h"

/* The queries that compose reads an engine through, over a state that a test sets by hand. */
struct engine {
    struct ruleset *rules;
    struct directory *people;
    struct templates *templates;
    struct deadline *deadline; /* the open one */
    struct planned plan[4];
    size_t n_plan;
};

const struct ruleset *engine_rules(const struct engine *engine)
{
    return engine->rules;
}

const struct directory *engine_people(const struct engine *engine)
{
    return engine->people;
}

const struct templates *engine_templates(const struct engine *engine)
{
    return engine->templates;
}

const struct deadline *engine_deadline(const struct engine *engine, const char *id)
{
    return engine->deadline && strcmp(engine->deadline->id, id) == 0 ? engine->deadline : NULL;
}

size_t engine_plan(const struct engine *engine, const struct deadline *deadline, instant now,
                   struct planned *out, size_t max)
{
    (void)deadline;
    (void)now;
    size_t n = engine->n_plan < max ? engine->n_plan : max;
    memcpy(out, engine->plan, n * sizeof *out);
    return n;
}

/* -- a company: Shanghai, Monday to Friday 09:00-12:00 and 13:00-18:00 -- */

static struct zone *shanghai(void)
{
    unsigned char bytes[200] = {0};
    size_t n = 0;
    for (int block = 0; block < 2; block++) {
        memcpy(bytes + n, "TZif2", 5);
        bytes[n + 39] = 1; /* one type */
        bytes[n + 43] = 4; /* "CST" and its NUL */
        n += 44;
        memcpy(bytes + n, "\0\0\x70\x80\0\0CST", 10);
        n += 10;
    }
    memcpy(bytes + n, "\nCST-8\n", 7);
    struct zone *zone;
    assert_int_equal(zone_parse("Asia/Shanghai", bytes, n + 7, &zone), 0);
    return zone;
}

struct company {
    struct engine engine;
    struct zone *zone;
    struct calendar *calendar;
    struct rule rule;
    struct path to[2];
    struct step steps[3];
    struct path requester;
    struct deadline deadline;
    struct step_state states[3];
    struct field fields[8];
    struct told told[4];
    struct notification notification;
};

static const char *const names[] = {"asked", "reminder", "overdue",  "escalation",
                                    "chase", "closed",   "wait_over"};

static instant at(const char *text)
{
    char full[40];
    instant out;
    snprintf(full, sizeof full, "%s:00+08:00", text);
    assert_true(instant_parse(full, &out));
    return out;
}

static void load_template(struct templates *templates, const char *language, const char *name)
{
    char path[500], text[16384], what[100];
    snprintf(path, sizeof path, "%s/../../conf/templates/%s/%s.md", TEST_SOURCE_DIR, language, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s/%s.md cannot be opened", language, name);
    size_t n = fread(text, 1, sizeof text, file);
    fclose(file);
    struct template *template;
    const char *why = "";
    int line = 0;
    if (template_parse(text, n, &template, &why, &line))
        fail_msg("%s/%s.md:%d: %s", language, name, line, why);
    snprintf(what, sizeof what, "%s", name);
    assert_int_equal(templates_add(templates, language, what, template), 0);
}

static void build_people(struct company *company)
{
    static const struct field zhang[] = {{"phone", "13800000000"}}, chen[] = {{"phone", "分机8012"}};
    struct directory *people = directory_create(arena_create());
    const struct person persons[] = {
        {.id = "zhang.wei",
         .name = "张伟",
         .department = "rd",
         .away_from = 1,
         .left = INT32_MAX,
         .addresses = {zhang, 1}},
        {.id = "li.lei", .name = "李雷", .department = "rd", .away_from = 1, .left = INT32_MAX},
        {.id = "chen.jing",
         .name = "陈静",
         .department = "hr",
         .away_from = 1,
         .left = INT32_MAX,
         .addresses = {chen, 1}},
        {.id = "john",
         .name = "John Doe",
         .department = "rd",
         .away_from = 1,
         .left = INT32_MAX,
         .language = "en-US"},
    };
    for (size_t i = 0; i < sizeof persons / sizeof *persons; i++)
        assert_int_equal(directory_add_person(people, &persons[i]), 0);
    const struct department rd = {.id = "rd", .name = "研发部", .head = "li.lei", .hrbp = "chen.jing"};
    const struct department hr = {.id = "hr", .name = "人事部"};
    assert_int_equal(directory_add_department(people, &rd), 0);
    assert_int_equal(directory_add_department(people, &hr), 0);
    company->engine.people = people;
}

static void build_rules(struct company *company)
{
    struct rule *rule = &company->rule;
    company->to[0] = (struct path){.start = PATH_OWNER, .text = "owner"};
    company->to[1] = (struct path){.start = PATH_DEPARTMENT, .hops = {"head"}, .n_hops = 1, .text = "head"};
    company->steps[0] =
        (struct step){.name = "due", .at = "due", .anchor = ANCHOR_DUE, .to = company->to, .n_to = 1};
    company->steps[1] = (struct step){
        .name = "due+8wh", .at = "due+8wh", .anchor = ANCHOR_DUE, .to = company->to + 1, .n_to = 1};
    *rule = (struct rule){
        .name = "interview_feedback",
        .file = "r.cfg",
        .text = "interview_feedback",
        .summary = "面试反馈",
        .about = "{{candidate_name}} · {{position}} · 第{{round}}轮",
        .done = "提交面试评价表（评分+结论）",
        .link = "https://hr.example.com/interviews/{{interview}}/feedback",
        .calendar = company->calendar,
        .steps = company->steps,
        .n_steps = 2,
        .requester = {.start = PATH_DEPARTMENT, .hops = {"hrbp"}, .n_hops = 1, .text = "hrbp of department"},
    };
    const struct rule_policy policy = {
        .zone = company->zone, .calendar = company->calendar, .channel = "app", .language = "zh-CN"};
    assert_int_equal(ruleset_create(arena_create(), rule, 1, &policy, &company->engine.rules), 0);
    const struct channel_facts channels[] = {
        {.name = "app", .reach = REACH_PERSON, .dialect = DIALECT_WECOM},
        {.name = "robot", .reach = REACH_GROUP, .dialect = DIALECT_DINGTALK},
        {.name = "mail", .reach = REACH_PERSON, .dialect = DIALECT_COMMONMARK},
    };
    assert_int_equal(ruleset_set_channels(company->engine.rules, channels, 3), 0);
}

static void build_deadline(struct company *company)
{
    static const struct field fields[] = {
        {"interview", "iv-20931"}, {"candidate_name", "王小明"}, {"position", "Java工程师"}, {"round", "2"}};
    memcpy(company->fields, fields, sizeof fields);
    company->deadline = (struct deadline){.id = "Q7KM",
                                          .rule = &company->rule,
                                          .state = DEADLINE_OPEN,
                                          .owner = (char *)"zhang.wei",
                                          .department = (char *)"rd",
                                          .fields = {company->fields, 4},
                                          .opened = at("2026-11-17T15:10"),
                                          .due = at("2026-11-18T15:10"),
                                          .steps = company->states,
                                          .told = company->told};
    company->notification = (struct notification){.id = "Q7KM-1",
                                                  .deadline = &company->deadline,
                                                  .deadline_id = "Q7KM",
                                                  .rule = (char *)"interview_feedback",
                                                  .step = (char *)"due-4h",
                                                  .phase = PHASE_REMINDER,
                                                  .to = (char *)"zhang.wei",
                                                  .channel = (char *)"app",
                                                  .queued = at("2026-11-18T11:10")};
    company->engine.deadline = &company->deadline;
}

static void tell(struct company *company, const char *person, enum phase phase, const char *when)
{
    company->told[company->deadline.n_told++] = (struct told){(char *)person, phase, at(when)};
}

static void plan_head(struct company *company, const char *when)
{
    company->engine.plan[0] = (struct planned){.at = at(when),
                                               .fires = at(when),
                                               .step = &company->steps[1],
                                               .n_to = 1,
                                               .to = {{.person = "li.lei", .leaves = at(when)}}};
    company->engine.n_plan = 1;
}

static int setup(void **state)
{
    static const struct window windows[] = {{540, 720}, {780, 1080}};
    struct company *company = calloc(1, sizeof *company);
    company->zone = shanghai();
    company->calendar = calendar_create("office", company->zone);
    for (int32_t day = 1; day <= 5; day++)
        assert_int_equal(calendar_set_week(company->calendar, day, windows, 2), 0);
    assert_int_equal(calendar_finish(company->calendar), 0);
    build_people(company);
    build_rules(company);
    build_deadline(company);
    company->engine.templates = templates_create();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        load_template(company->engine.templates, "zh-CN", names[i]);
        load_template(company->engine.templates, "en", names[i]);
    }
    *state = company;
    return 0;
}

static int teardown(void **state)
{
    struct company *company = *state;
    templates_destroy(company->engine.templates);
    directory_destroy(company->engine.people);
    ruleset_destroy(company->engine.rules);
    calendar_destroy(company->calendar);
    zone_destroy(company->zone);
    free(company);
    return 0;
}

static void expect(struct company *company, const char *now, const char *title, const char *body)
{
    const struct notification *const notifications[] = {&company->notification};
    struct composed out;
    const char *why = "";
    composed_init(&out);
    int error = compose_message(&company->engine, notifications, 1, at(now), &out, &why);
    if (error || strcmp(buffer_text(&out.title), title) != 0 || strcmp(buffer_text(&out.body), body) != 0)
        fail_msg("%d %s\n%s\n%s\n-- expected --\n%s\n%s", error, why, buffer_text(&out.title),
                 buffer_text(&out.body), title, body);
    composed_finish(&out);
}

static void test_reminder(void **state)
{
    struct company *company = *state;
    expect(company, "2026-11-18T11:10", "面试反馈，请在 今天 15:10 前完成",
           "王小明 · Java工程师 · 第2轮\n"
           "要做：提交面试评价表（评分+结论）\n"
           "约定时间：11月18日 周三 15:10（今天）\n"
           "[去办理](https://hr.example.com/interviews/iv-20931/feedback)\n"
           "有疑问找 陈静（分机8012）\n"
           "编号 Q7KM-1 · 已经办好的话，请忽略这条提醒，谢谢");
}

/* Those who take part are named; whoever reads it is not named to himself. */
static void test_with(void **state)
{
    struct company *company = *state;
    const struct path with[] = {{.start = PATH_DEPARTMENT, .hops = {"hrbp"}, .n_hops = 1, .text = "hrbp"},
                                {.start = PATH_OWNER, .text = "owner"},
                                {.start = PATH_DEPARTMENT, .hops = {"head"}, .n_hops = 1, .text = "head"}};
    company->rule.done = company->rule.link = "";
    company->rule.requester = (struct path){0};
    company->rule.with = with;
    company->rule.n_with = sizeof with / sizeof *with;
    expect(company, "2026-11-18T11:10", "面试反馈，请在 今天 15:10 前完成",
           "王小明 · Java工程师 · 第2轮\n"
           "参与：陈静、李雷\n"
           "约定时间：11月18日 周三 15:10（今天）\n"
           "编号 Q7KM-1 · 已经办好的话，请忽略这条提醒，谢谢");
}

/* A due that may still move says so. */
static void test_provisional(void **state)
{
    struct company *company = *state;
    company->deadline.provisional = true;
    company->rule.done = company->rule.link = "";
    company->rule.requester = (struct path){0};
    expect(company, "2026-11-18T11:10", "面试反馈，请在 今天 15:10 前完成",
           "王小明 · Java工程师 · 第2轮\n"
           "约定时间：11月18日 周三 15:10（今天）（暂定，放假安排公布后可能调整）\n"
           "编号 Q7KM-1 · 已经办好的话，请忽略这条提醒，谢谢");
}

static void test_missing_values_leave_no_holes(void **state)
{
    struct company *company = *state;
    company->rule.done = company->rule.link = "";
    company->rule.requester = (struct path){0};
    company->fields[2] = (struct field){"position", ""};
    company->notification.message = (char *)"asked";
    expect(company, "2026-11-17T15:10", "面试反馈：请在 明天 15:10 前完成",
           "王小明 · 第2轮\n"
           "最晚：11月18日 周三 15:10（明天）\n"
           "编号 Q7KM-1");
}

static void test_overdue(void **state)
{
    struct company *company = *state;
    company->notification.phase = PHASE_OVERDUE;
    company->notification.step = (char *)"due";
    company->notification.queued = at("2026-11-18T15:10");
    company->deadline.state = DEADLINE_OVERDUE;
    plan_head(company, "2026-11-19T15:10");
    expect(company, "2026-11-18T15:10", "面试反馈，已过约定时间（今天 15:10）",
           "王小明 · Java工程师 · 第2轮\n"
           "要做：提交面试评价表（评分+结论）\n"
           "约定时间：11月18日 周三 15:10（今天）\n"
           "[现在办理](https://hr.example.com/interviews/iv-20931/feedback)\n"
           "有困难请直接找 陈静（分机8012），可以协助\n"
           "编号 Q7KM-1 · 如仍未完成，明天 15:10 会请 李雷 协调");
}

/* The same step tells HR something else: call. */
static void test_chase(void **state)
{
    struct company *company = *state;
    tell(company, "zhang.wei", PHASE_REMINDER, "2026-11-18T11:10");
    company->notification.phase = PHASE_OVERDUE;
    company->notification.step = (char *)"due";
    company->notification.to = (char *)"chen.jing";
    company->notification.queued = at("2026-11-18T15:10");
    plan_head(company, "2026-11-19T15:10");
    expect(company, "2026-11-18T16:30", "请致电 张伟：面试反馈未按时完成",
           "王小明 · Java工程师 · 第2轮\n"
           "责任人：张伟，电话 13800000000\n"
           "约定时间：11月18日 周三 15:10（今天），已晚 1小时20分钟\n"
           "此前已通知：张伟 1 次（最近 今天 11:10）\n"
           "请您：打个电话，问问需要什么帮助；如果不该由 张伟 办理，请改派他人\n"
           "[查看](https://hr.example.com/interviews/iv-20931/feedback)\n"
           "本通知已同时告知 张伟\n"
           "编号 Q7KM-1 · 如仍未完成，明天 15:10 会请 李雷 协调");
}

/* The end of a wait that nobody owed is no lateness. */
static void test_wait_over(void **state)
{
    struct company *company = *state;
    company->rule.summary = "交流公示";
    company->rule.about = "{{candidate_name}}";
    company->rule.done = "期满无异议：办理批准";
    company->notification.phase = PHASE_OVERDUE;
    company->notification.message = (char *)"wait_over";
    company->notification.step = (char *)"due";
    company->notification.queued = at("2026-11-18T15:10");
    company->deadline.state = DEADLINE_OVERDUE;
    expect(company, "2026-11-19T08:30", "交流公示已期满：王小明",
           "截至 11月18日 周三 15:10（昨天），没有收到异议\n"
           "接下来：期满无异议：办理批准\n"
           "[去办理](https://hr.example.com/interviews/iv-20931/feedback)\n"
           "有疑问找 陈静（分机8012）\n"
           "编号 Q7KM-1");
}

static void escalate(struct company *company, const char *to)
{
    tell(company, "zhang.wei", PHASE_REMINDER, "2026-11-18T11:10");
    tell(company, "zhang.wei", PHASE_OVERDUE, "2026-11-18T15:10");
    tell(company, "chen.jing", PHASE_OVERDUE, "2026-11-18T15:10");
    company->notification.phase = PHASE_ESCALATION;
    company->notification.step = (char *)"due+8wh";
    company->notification.to = (char *)to;
    company->notification.queued = at("2026-11-19T15:10");
    company->deadline.state = DEADLINE_OVERDUE;
}

static void test_escalation(void **state)
{
    struct company *company = *state;
    escalate(company, "li.lei");
    expect(company, "2026-11-19T15:10", "请协调：研发部 1 项面试反馈晚了 1个工作日",
           "责任人：张伟（13800000000）\n"
           "约定时间：11月18日 周三 15:10（昨天）\n"
           "王小明 · Java工程师 · 第2轮\n"
           "要做：提交面试评价表（评分+结论）\n"
           "此前已通知：张伟 2 次（最近 昨天 15:10）、陈静 1 次（最近 昨天 15:10）\n"
           "请您提醒 张伟 尽快完成，或指定他人办理\n"
           "[查看并办理](https://hr.example.com/interviews/iv-20931/feedback)\n"
           "联系 陈静（分机8012）\n"
           "本通知已同时告知 张伟\n"
           "编号 Q7KM-1");
}

static void test_the_copy_of_the_owner(void **state)
{
    struct company *company = *state;
    escalate(company, "zhang.wei");
    company->notification.copy = true;
    expect(company, "2026-11-19T15:10", "面试反馈：已请 李雷 协调",
           "责任人：张伟（13800000000）\n"
           "约定时间：11月18日 周三 15:10（昨天）\n"
           "王小明 · Java工程师 · 第2轮\n"
           "要做：提交面试评价表（评分+结论）\n"
           "此前已通知：张伟 2 次（最近 昨天 15:10）、陈静 1 次（最近 昨天 15:10）\n"
           "请您：现在办理；如有困难或不该由您办理，请直接说明\n"
           "[查看并办理](https://hr.example.com/interviews/iv-20931/feedback)\n"
           "联系 陈静（分机8012）\n"
           "编号 Q7KM-1");
}

/* Nobody who must not hear of it is named as one who did. */
static void test_except(void **state)
{
    static const char *const except[] = {"accused"};
    struct company *company = *state;
    escalate(company, "zhang.wei");
    company->rule.except = (struct texts){except, 1};
    company->fields[4] = (struct field){"accused", "li.lei"};
    company->deadline.fields.n = 5;
    struct composed out;
    const struct notification *const notifications[] = {&company->notification};
    const char *why;
    composed_init(&out);
    assert_int_equal(compose_message(&company->engine, notifications, 1, at("2026-11-19T15:10"), &out, &why),
                     0);
    assert_null(strstr(buffer_text(&out.title), "李雷"));
    assert_null(strstr(buffer_text(&out.body), "李雷"));
    composed_finish(&out);
}

static void test_english_mail_and_delegate(void **state)
{
    struct company *company = *state;
    company->notification.to = (char *)"john";
    company->notification.on_behalf = (char *)"zhang.wei";
    company->notification.channel = (char *)"mail";
    company->fields[1] = (struct field){"candidate_name", "*王*\r\nBcc: <x>"};
    expect(company, "2026-11-16T11:10", "面试反馈: please by Wed 18 Nov 15:10",
           "\\*王\\* Bcc: \\<x\\> · Java工程师 · 第2轮\n"
           "To do: 提交面试评价表（评分+结论）\n"
           "Agreed time: Wed 18 Nov 15:10\n"
           "[Do it now](https://hr.example.com/interviews/iv-20931/feedback)\n"
           "张伟 is away: please take care of it on their behalf\n"
           "Questions? Ask 陈静 (分机8012)\n"
           "No. Q7KM-1 · If it is done already, please ignore this. Thank you");
}

/* Where others read it: the candidate masked, the owner named, not a word about lateness. */
static void test_group(void **state)
{
    struct company *company = *state;
    escalate(company, "zhang.wei");
    company->notification.phase = PHASE_OVERDUE;
    company->notification.channel = (char *)"robot";
    company->notification.step = (char *)"due";
    expect(company, "2026-11-19T15:10", "面试反馈：待完成",
           "王* · Java工程师 · 第2轮\n"
           "要做：提交面试评价表（评分+结论）\n"
           "约定时间：11月18日 周三 15:10（昨天）\n"
           "[现在办理](https://hr.example.com/interviews/iv-20931/feedback)\n"
           "有困难请直接找 陈静（分机8012），可以协助\n"
           "编号 Q7KM-1");
}

static void test_merged(void **state)
{
    struct company *company = *state;
    static const struct field fields[] = {
        {"candidate_name", "赵敏"}, {"position", "测试工程师"}, {"interview", "iv-2"}};
    struct deadline other = company->deadline;
    struct notification second = company->notification, third = company->notification;
    memcpy(other.id, "B2CD", 5);
    other.owner = (char *)"john";
    other.fields = (struct fields){fields, 3};
    other.due = at("2026-11-18T17:00");
    second.deadline = &other;
    company->notification.channel = second.channel = third.channel = (char *)"robot";
    const struct notification *const notifications[] = {&company->notification, &second, &third};
    struct composed out;
    const char *why;
    composed_init(&out);
    assert_int_equal(compose_message(&company->engine, notifications, 3, at("2026-11-18T11:10"), &out, &why),
                     0);
    assert_string_equal(buffer_text(&out.title), "面试反馈：还有 2 项待完成");
    assert_string_equal(buffer_text(&out.body),
                        "- 王* · Java工程师 · 第2轮 · 张伟 · 约定 今天 15:10 "
                        "[去办理](https://hr.example.com/interviews/iv-20931/feedback)\n"
                        "- 赵* · 测试工程师 · John Doe · 约定 今天 17:00 "
                        "[去办理](https://hr.example.com/interviews/iv-2/feedback)\n"
                        "有疑问找 陈静（分机8012）\n"
                        "编号 Q7KM-1 · 已经办好的话，请忽略这条提醒，谢谢");
    assert_string_equal(buffer_text(&out.link), "");
    composed_finish(&out);
}

static void test_closing(void **state)
{
    static const struct {
        enum closing how;
        const char *to, *title, *body;
    } cases[] = {
        {CLOSED_MET_LATE, "li.lei", "已完成：面试反馈 王小明 · Java工程师 · 第2轮（张伟）",
         "今天 16:20 已完成，比约定晚 1个工作日。您无需再处理，谢谢。\n编号 Q7KM-1"},
        {CLOSED_MET, "zhang.wei", "已完成：面试反馈 王小明 · Java工程师 · 第2轮（张伟）",
         "今天 16:20 已完成。谢谢您。\n编号 Q7KM-1"},
        {CLOSED_CANCELLED, "li.lei", "已取消：面试反馈 王小明 · Java工程师 · 第2轮（张伟）",
         "今天 16:20 已取消。您无需再处理。\n编号 Q7KM-1"},
        {CLOSED_WAIVED, "john", "No longer needed: 面试反馈 王小明 · Java工程师 · 第2轮 (张伟)",
         "today 16:20: waived. Nothing is left for you to do.\nNo. Q7KM-1"},
    };
    struct company *company = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct composed out;
        const char *why;
        company->notification.phase = PHASE_CLOSED;
        company->notification.to = (char *)cases[i].to;
        composed_init(&out);
        instant closed = at("2026-11-19T16:20");
        assert_int_equal(compose_closing(&company->engine, &company->deadline, &company->notification,
                                         cases[i].how, closed, closed, &out, &why),
                         0);
        assert_string_equal(buffer_text(&out.title), cases[i].title);
        assert_string_equal(buffer_text(&out.body), cases[i].body);
        composed_finish(&out);
    }
}

/* In the evening after the due: late, and nobody could have read about it in working time. A group reads
 * nothing of lateness, and what an event told late blames nobody. */
static void test_done_after_hours(void **state)
{
    static const struct {
        const char *to, *closed, *body;
        bool group, late_event;
    } cases[] = {
        {"zhang.wei", "2026-11-18T20:00", "今天 20:00 下班后完成。谢谢您。\n编号 Q7KM-1", false, false},
        {"john", "2026-11-19T08:59",
         "today 08:59: done after working hours. Nothing is left for you to do, thank you.\nNo. Q7KM-1",
         false, false},
        {"zhang.wei", "2026-11-19T09:05", "今天 09:05 已完成，比约定晚 工作时间5分钟。谢谢您。\n编号 Q7KM-1",
         false, false},
        {"zhang.wei", "2026-11-18T20:00", "今天 20:00 已完成。谢谢您。\n编号 Q7KM-1", true, false},
        {"zhang.wei", "2026-11-18T20:00", "今天 20:00 已完成。谢谢您。\n编号 Q7KM-1", false, true},
    };
    struct company *company = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct composed out;
        const char *why;
        instant closed = at(cases[i].closed);
        company->deadline.due = at("2026-11-18T18:00");
        company->deadline.late_event = cases[i].late_event;
        company->notification.phase = PHASE_CLOSED;
        company->notification.to = (char *)cases[i].to;
        company->notification.channel = (char *)(cases[i].group ? "robot" : "app");
        composed_init(&out);
        assert_int_equal(compose_closing(&company->engine, &company->deadline, &company->notification,
                                         CLOSED_MET_LATE, closed, closed, &out, &why),
                         0);
        assert_string_equal(buffer_text(&out.body), cases[i].body);
        composed_finish(&out);
    }
}

static void test_links(void **state)
{
    static const struct {
        const char *link, *out;
    } cases[] = {
        {"https://hr.example.com/i/{{interview}}", "https://hr.example.com/i/iv-20931"},
        {"https://hr.example.com/", "https://hr.example.com/"},
        {"https://hr.example.com", "https://hr.example.com"},
        {"https://{{host}}/i", ""},
        {"https://hr.example.com{{host}}/i", ""},
        {"{{host}}", ""},
        {"javascript:alert(1)", ""},
        {"https:///i/{{interview}}", ""},
        {"https://hr.example.com/i/{{nothing}}", ""},
        {"https://hr.example.com/i/{{link}}", ""},
    };
    struct company *company = *state;
    company->fields[4] = (struct field){"host", "evil.example"};
    company->deadline.fields.n = 5;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct notification *const notifications[] = {&company->notification};
        struct composed out;
        const char *why;
        company->rule.link = cases[i].link;
        composed_init(&out);
        assert_int_equal(
            compose_message(&company->engine, notifications, 1, at("2026-11-18T11:10"), &out, &why), 0);
        if (strcmp(buffer_text(&out.link), cases[i].out) != 0 ||
            (!*cases[i].out && strstr(buffer_text(&out.body), "](")))
            fail_msg("%s: %s\n%s", cases[i].link, buffer_text(&out.link), buffer_text(&out.body));
        composed_finish(&out);
    }
}

static void test_no_event_text_becomes_markup(void **state)
{
    static const char *const channels[] = {"app", "robot"};
    struct company *company = *state;
    company->fields[1] = (struct field){"candidate_name", "x\n# h"};
    company->fields[2] =
        (struct field){"position", "[点我](http://evil.example)\r\n<@all> @13800000000\xE2\x80\xAE"};
    company->rule.about = "{{position}} · {{about}}";
    for (size_t i = 0; i < 2; i++) {
        const struct notification *const notifications[] = {&company->notification};
        struct composed out;
        const char *why;
        company->notification.channel = (char *)channels[i];
        composed_init(&out);
        assert_int_equal(
            compose_message(&company->engine, notifications, 1, at("2026-11-18T11:10"), &out, &why), 0);
        static const char first[] = "［点我］(http：//evil.example) ＜＠all＞ ＠13800000000\n";
        assert_memory_equal(buffer_text(&out.body), first, sizeof first - 1);
        composed_finish(&out);
    }
}

static void test_what_is_gone(void **state)
{
    struct company *company = *state;
    struct notification *notification = &company->notification;
    const struct notification *const notifications[] = {notification};
    struct composed out;
    const char *why = "";
    composed_init(&out);
    notification->deadline = NULL;
    company->engine.deadline = NULL;
    assert_true(compose_message(&company->engine, notifications, 1, at("2026-11-18T11:10"), &out, &why) < 0);
    assert_string_equal(why, "its deadline is closed");
    notification->title = (char *)"已完成";
    notification->body = (char *)"谢谢";
    assert_int_equal(compose_message(&company->engine, notifications, 1, at("2026-11-18T11:10"), &out, &why),
                     0);
    assert_string_equal(buffer_text(&out.title), "已完成");
    assert_string_equal(buffer_text(&out.body), "谢谢");
    composed_finish(&out);
    notification->title = NULL;
    notification->deadline = &company->deadline;
    notification->message = (char *)"nonesuch";
    assert_true(compose_message(&company->engine, notifications, 1, at("2026-11-18T11:10"), &out, &why) < 0);
    assert_non_null(strstr(why, "no template"));
    composed_finish(&out);
}

static void test_when(void **state)
{
    static const struct {
        const char *at, *zh, *en, *fully;
    } cases[] = {
        {"2026-11-18T15:10", "今天 15:10", "today 15:10", "11月18日 周三 15:10（今天）"},
        {"2026-11-18T00:00", "今天 00:00", "today 00:00", "11月18日 周三 00:00（今天）"},
        {"2026-11-17T23:59", "昨天 23:59", "yesterday 23:59", "11月17日 周二 23:59（昨天）"},
        {"2026-11-19T09:00", "明天 09:00", "tomorrow 09:00", "11月19日 周四 09:00（明天）"},
        {"2026-11-20T09:00", "后天 09:00", "Fri 20 Nov 09:00", "11月20日 周五 09:00（后天）"},
        {"2026-11-16T18:00", "11月16日 周一 18:00", "Mon 16 Nov 18:00", "11月16日 周一 18:00"},
        {"2026-11-22T18:00", "11月22日 周日 18:00", "Sun 22 Nov 18:00", "11月22日 周日 18:00"},
        {"2027-01-05T18:00", "2027年1月5日 周二 18:00", "Tue 5 Jan 2027 18:00", "2027年1月5日 周二 18:00"},
    };
    struct company *company = *state;
    instant now = at("2026-11-18T11:10");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer zh, en, fully;
        buffer_init(&zh);
        buffer_init(&en);
        buffer_init(&fully);
        compose_when(&zh, "zh-CN", company->zone, at(cases[i].at), now);
        compose_when(&en, "en", company->zone, at(cases[i].at), now);
        compose_when_fully(&fully, "zh-CN", company->zone, at(cases[i].at), now);
        assert_string_equal(buffer_text(&zh), cases[i].zh);
        assert_string_equal(buffer_text(&en), cases[i].en);
        assert_string_equal(buffer_text(&fully), cases[i].fully);
        buffer_finish(&zh);
        buffer_finish(&en);
        buffer_finish(&fully);
    }
}

static void note_name(void *data, const char *name, int line)
{
    (void)line;
    struct buffer *out = data;
    if (!strstr(buffer_text(out), name))
        buffer_printf(out, "%s\n", name);
}

/* No shipped message loses a line to a name that does not exist, in either language. */
static void test_shipped_templates_use_known_names(void **state)
{
    static const char known[] =
        " summary about done link number due due_short late lateness opened closed_at closed_how "
        "count prior who when times next next_when told department owner.name owner.phone "
        "on_behalf on_behalf.name requester requester.name requester.phone many items more "
        "with group to_owner to_requester reminded met after_hours late_event provisional "
        "stands_for next_again next_maybe ";
    struct company *company = *state;
    for (size_t i = 0; i < 2 * sizeof names / sizeof *names; i++) {
        const struct template *template =
            templates_find(company->engine.templates, i % 2 ? "en" : "zh-CN", names[i / 2]);
        struct buffer used;
        buffer_init(&used);
        template_names(template, note_name, &used);
        char *text = buffer_take(&used), *rest = text;
        for (char *name = strsep(&rest, "\n"); name && *name; name = strsep(&rest, "\n")) {
            char wanted[100];
            snprintf(wanted, sizeof wanted, " %s ", name);
            if (!strstr(known, wanted))
                fail_msg("%s uses %s", names[i / 2], name);
        }
        free(text);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_reminder),
        TEST(test_with),
        TEST(test_provisional),
        TEST(test_missing_values_leave_no_holes),
        TEST(test_overdue),
        TEST(test_chase),
        TEST(test_wait_over),
        TEST(test_escalation),
        TEST(test_the_copy_of_the_owner),
        TEST(test_except),
        TEST(test_english_mail_and_delegate),
        TEST(test_group),
        TEST(test_merged),
        TEST(test_closing),
        TEST(test_done_after_hours),
        TEST(test_links),
        TEST(test_no_event_text_becomes_markup),
        TEST(test_what_is_gone),
        TEST(test_when),
        TEST(test_shipped_templates_use_known_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

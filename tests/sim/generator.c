#include "generator.h"

#include <stdio.h>
#include <string.h>

enum { KEYS = 14, CANDIDATES = 6, EVENTS_A_KEY = 12, REPEATED_DAYS = 6 };

void generator_init(struct generator *generator, uint64_t seed)
{
    *generator = (struct generator){.state = seed};
}

/* splitmix64 (Steele, Lea, Flood 2014). */
uint64_t generator_below(struct generator *generator, uint64_t bound)
{
    uint64_t z = (generator->state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % bound;
}

bool generator_chance(struct generator *generator, unsigned percent)
{
    return generator_below(generator, 100) < percent;
}

static void add(struct happening *event, const char *name, const char *value)
{
    (void)snprintf(event->names[event->n], sizeof event->names[0], "%s", name);
    (void)snprintf(event->values[event->n], sizeof event->values[0], "%s", value);
    event->n++;
}

static void add_time(struct happening *event, const char *name, int64_t at)
{
    char text[INSTANT_TEXT_MAX];

    add(event, name, instant_format(at, 8 * 3600, text));
}

static const char *pick(struct generator *generator, const char *const *names, size_t n)
{
    return names[generator_below(generator, n)];
}

static const char *anybody(struct generator *generator)
{
    static const char *const people[] = {"zhang.wei", "wang.fang", "liu.yang",
                                         "no.mail",   "li.lei",    "chen.jing"};

    return pick(generator, people, sizeof people / sizeof *people);
}

/* Keys move on with time, so that those of old days are not used again. */
static void add_key(struct generator *generator, struct happening *event, const char *name)
{
    char key[16];

    (void)snprintf(key, sizeof key, "%c%u", name[0],
                   generator->events / EVENTS_A_KEY + (unsigned)generator_below(generator, KEYS));
    add(event, name, key);
}

static void add_candidate(struct generator *generator, struct happening *event)
{
    char key[16];

    (void)snprintf(key, sizeof key, "c%u", (unsigned)generator_below(generator, CANDIDATES));
    add(event, "candidate", key);
}

static void add_urgent(struct generator *generator, struct happening *event)
{
    add(event, "urgent", generator_chance(generator, 40) ? "yes" : "no");
}

static void add_recruiter(struct generator *generator, struct happening *event)
{
    static const char *const recruiters[] = {"chen.jing", "wang.qiang"};

    add(event, "recruiter", pick(generator, recruiters, 2));
}

static void make_interview(struct generator *generator, struct happening *event)
{
    char people[VALUE_SIZE] = "";
    size_t n = 1 + generator_below(generator, 3);

    (void)snprintf(event->type, sizeof event->type, "interview.completed");
    add_key(generator, event, "interview");
    add_candidate(generator, event);
    add_recruiter(generator, event);
    for (size_t i = 0; i < n; i++) {
        size_t used = strlen(people);
        (void)snprintf(people + used, sizeof people - used, "%s\"%s\"", i ? "," : "[", anybody(generator));
    }
    (void)snprintf(people + strlen(people), sizeof people - strlen(people), "]");
    add(event, "interviewers", people);
}

static void make_review(struct generator *generator, struct happening *event, const char *type)
{
    bool asked = strcmp(type, "review.asked") == 0;

    (void)snprintf(event->type, sizeof event->type, "%s", type);
    add_key(generator, event, "review");
    if (strcmp(type, "review.done") == 0) {
        return;
    }
    if (asked) {
        add_candidate(generator, event);
        add_recruiter(generator, event);
    }
    if (asked || generator_chance(generator, 30)) {
        add(event, "reviewer", anybody(generator));
    }
    if (asked || generator_chance(generator, 80)) {
        add_urgent(generator, event);
    }
}

static void make_form(struct generator *generator, struct happening *event, const char *type)
{
    static const char *const departments[] = {"rd", "tech", "hr"};
    static const char *const approvers[] = {"li.lei", "chen.jing", "zhao.min", "wang.qiang"};

    (void)snprintf(event->type, sizeof event->type, "%s", type);
    add_key(generator, event, "form");
    if (strcmp(type, "form.asked") == 0) {
        add(event, "department", pick(generator, departments, 3));
        add_urgent(generator, event);
    } else {
        add(event, "approver", pick(generator, approvers, 4));
    }
}

static void make_probation(struct generator *generator, struct happening *event, int64_t now)
{
    (void)snprintf(event->type, sizeof event->type, "probation.begun");
    add_key(generator, event, "employee");
    add(event, "person", anybody(generator));
    add_time(event, "ends_at", now + ((int64_t)generator_below(generator, 7 * 1440) - 1440) * MINUTE);
}

static void make_type(struct generator *generator, int64_t now, struct happening *event)
{
    static const char *const stops[] = {"candidate.left", "candidate.held", "candidate.back",
                                        "candidate.back"};
    uint64_t dice = generator_below(generator, 100);

    if (dice < 16) {
        make_interview(generator, event);
    } else if (dice < 30) {
        make_review(generator, event, "review.asked");
    } else if (dice < 40) {
        make_review(generator, event, "review.changed");
    } else if (dice < 47) {
        make_review(generator, event, "review.done");
    } else if (dice < 57) {
        make_form(generator, event, "form.asked");
    } else if (dice < 64) {
        make_form(generator, event, dice < 62 ? "form.given" : "form.refused");
    } else if (dice < 72) {
        make_probation(generator, event, now);
    } else if (dice < 77) {
        (void)snprintf(event->type, sizeof event->type, "probation.judged");
        add_key(generator, event, "employee");
    } else if (dice < 88) {
        (void)snprintf(event->type, sizeof event->type, "feedback.submitted");
        add_key(generator, event, "interview");
        add(event, "interviewer", anybody(generator));
    } else {
        (void)snprintf(event->type, sizeof event->type, "%s", pick(generator, stops, 4));
        add_candidate(generator, event);
    }
}

/* Mostly now, sometimes hours or days ago. */
static int64_t stamp(struct generator *generator, int64_t now)
{
    uint64_t dice = generator_below(generator, 100);

    if (dice < 70) {
        return now;
    }
    return now - (int64_t)generator_below(generator, dice < 80 ? 15 : dice < 92 ? 180 : 3 * 1440) * MINUTE;
}

void generator_event(struct generator *generator, int64_t now, struct happening *out)
{
    struct happening *kept =
        &generator->latest[generator_below(generator, sizeof generator->latest / sizeof *generator->latest)];

    if (kept->id[0] && now - kept->time < REPEATED_DAYS * DAY && generator_chance(generator, 8)) {
        *out = *kept;
        return;
    }
    *out = (struct happening){.time = stamp(generator, now)};
    (void)snprintf(out->id, sizeof out->id, "e%u", generator->events++);
    make_type(generator, now, out);
    *kept = *out;
}

bool generator_command(struct generator *generator, const struct affair *affairs, size_t n, int64_t now,
                       struct happening *out)
{
    static const char *const types[] = {"cuiban.ack", "cuiban.ack", "cuiban.done", "cuiban.cancel"};
    static const char *const people[] = {"zhao.min", "li.lei", "wang.qiang", "boss"};

    for (int tries = 0; n > 0 && tries < 50; tries++) {
        const struct affair *affair = &affairs[generator_below(generator, n)];
        if (affair->standing == CLOSED) {
            continue;
        }
        *out = (struct happening){.time = now};
        (void)snprintf(out->id, sizeof out->id, "k%u", generator->events++);
        (void)snprintf(out->type, sizeof out->type, "%s", pick(generator, types, 4));
        add(out, "deadline", affair->id);
        add(out, "by", "chen.jing");
        add(out, "to", pick(generator, people, 4));
        return true;
    }
    return false;
}

void generator_verdict(struct generator *generator, struct verdict *out)
{
    static const enum verdict_kind kinds[] = {VERDICT_DELIVERED, VERDICT_DELIVERED, VERDICT_DELIVERED,
                                              VERDICT_RETRY,     VERDICT_BACKOFF,   VERDICT_REAUTH,
                                              VERDICT_REFUSED,   VERDICT_UNCERTAIN, VERDICT_MISCONFIGURED};

    *out = (struct verdict){.kind = kinds[generator_below(generator, sizeof kinds / sizeof *kinds)],
                            .delay_ms = (int64_t)generator_below(generator, 90) * MINUTE};
}

int64_t generator_pass(struct generator *generator)
{
    uint64_t dice = generator_below(generator, 100);

    return (int64_t)generator_below(generator, dice < 60 ? 90 : dice < 94 ? 600 : 4 * 1440) * MINUTE;
}

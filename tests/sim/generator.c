#include "generator.h"

#include <stdio.h>
#include <string.h>

enum { KEYS = 14, KITS = 3, CANDIDATES = 6, EVENTS_A_KEY = 12, REPEATED_DAYS = 6 };

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
static void add_key_of(struct generator *generator, struct happening *event, const char *name,
                       unsigned spread)
{
    char key[16];

    (void)snprintf(key, sizeof key, "%c%u", name[0],
                   generator->events / EVENTS_A_KEY + (unsigned)generator_below(generator, spread));
    add(event, name, key);
}

static void add_key(struct generator *generator, struct happening *event, const char *name)
{
    add_key_of(generator, event, name, KEYS);
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

static const char *const recruiters[] = {"chen.jing", "wang.qiang"};

/* One recruiter for one interview, however often it is told of. */
static void add_recruiter_of(struct happening *event, const char *key)
{
    add(event, "recruiter", recruiters[key[strlen(key) - 1] % 2]);
}

static void add_recruiter(struct generator *generator, struct happening *event)
{
    add(event, "recruiter", pick(generator, recruiters, 2));
}

static void make_interview(struct generator *generator, struct happening *event)
{
    char people[VALUE_SIZE] = "";
    size_t n = 1 + generator_below(generator, 3);

    (void)snprintf(event->type, sizeof event->type, "interview.completed");
    add_key(generator, event, "interview");
    add_candidate(generator, event);
    add_recruiter_of(event, event->values[0]);
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

static void make_kit(struct generator *generator, struct happening *event)
{
    static const char *const parts[] = {"kit.desk", "kit.card", "kit.key"};
    bool asked = generator_chance(generator, 30);

    (void)snprintf(event->type, sizeof event->type, "%s", asked ? "kit.asked" : pick(generator, parts, 3));
    add_key_of(generator, event, "kit", KITS);
    if (asked) {
        add(event, "person", anybody(generator));
    }
}

static const struct happening *lately(struct generator *generator, const char *type)
{
    size_t n = sizeof generator->latest / sizeof *generator->latest;
    size_t first = generator_below(generator, n);

    for (size_t i = 0; i < n; i++) {
        const struct happening *kept = &generator->latest[(first + i) % n];
        if (strcmp(kept->type, type) == 0) {
            return kept;
        }
    }
    return NULL;
}

/* Half of them by somebody who was asked for it. */
static void make_feedback(struct generator *generator, struct happening *event, const char *type)
{
    const struct happening *asked = lately(generator, "interview.completed");
    bool likely = asked && generator_chance(generator, 50);

    (void)snprintf(event->type, sizeof event->type, "%s", type);
    if (likely) {
        add(event, "interview", asked->values[0]);
    } else {
        add_key(generator, event, "interview");
    }
    if (strcmp(type, "summary.sent") == 0) {
        return;
    }
    if (likely) {
        const char *people = asked->values[asked->n - 1]; /* ["a","b"] */
        char person[NAME_SIZE];

        (void)snprintf(person, sizeof person, "%.*s", (int)strcspn(people + 2, "\""), people + 2);
        add(event, "interviewer", person);
    } else {
        add(event, "interviewer", anybody(generator));
    }
}

/* Mostly of something that was done lately. */
static void make_returned(struct generator *generator, struct happening *event)
{
    bool feedback = generator_chance(generator, 70);
    const struct happening *done = lately(generator, feedback ? "feedback.submitted" : "review.done");

    if (!done) {
        make_review(generator, event, "review.returned");
        return;
    }
    *event = (struct happening){.time = event->time, .n = done->n};
    memcpy(event->names, done->names, sizeof event->names);
    memcpy(event->values, done->values, sizeof event->values);
    (void)snprintf(event->type, sizeof event->type, "%s", feedback ? "feedback.returned" : "review.returned");
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
    uint64_t dice = generator_below(generator, 128);

    if (dice < 16) {
        make_interview(generator, event);
    } else if (dice < 28) {
        make_review(generator, event, "review.asked");
    } else if (dice < 37) {
        make_review(generator, event, "review.changed");
    } else if (dice < 46) {
        make_review(generator, event, "review.done");
    } else if (dice < 54) {
        make_form(generator, event, "form.asked");
    } else if (dice < 62) {
        make_form(generator, event, dice < 60 ? "form.given" : "form.refused");
    } else if (dice < 68) {
        make_probation(generator, event, now);
    } else if (dice < 73) {
        (void)snprintf(event->type, sizeof event->type, "probation.judged");
        add_key(generator, event, "employee");
    } else if (dice < 91) {
        make_feedback(generator, event, "feedback.submitted");
    } else if (dice < 96) {
        make_feedback(generator, event, "summary.sent");
    } else if (dice < 110) {
        make_kit(generator, event);
    } else if (dice < 118) {
        make_returned(generator, event);
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
    make_type(generator, now, out);
    (void)snprintf(out->id, sizeof out->id, "e%u", generator->events++);
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

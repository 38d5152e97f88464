/* sim SEED STEPS [trace]: one story of the engine with everything that may go wrong, judged by the oracle
 * after every step. SEED may be "fresh": one that nobody has seen. The seed is printed. Without arguments:
 * the seeds of seeds.txt. Ends with 0 if the oracle has nothing to say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "generator.h"

enum { CLAIMS_MAX = 64 };

struct sim {
    struct world *world;
    struct oracle *oracle;
    struct generator generator;
    int64_t now;
    bool trace, fired;
    char doing[160];
    char rules[64]; /* folder of the files that are taken by a reload */
    int worded;     /* how often they were written */
};

static void put(struct sim *sim, const struct happening *event)
{
    struct raw_field raw[FIELDS_MAX + 3];
    char time[INSTANT_TEXT_MAX];
    size_t n = 0;

    raw[n++] = (struct raw_field){"type", event->type, 4, strlen(event->type)};
    raw[n++] = (struct raw_field){"id", event->id, 2, strlen(event->id)};
    instant_format(event->time, 8 * 3600, time);
    raw[n++] = (struct raw_field){"time", time, 4, strlen(time)};
    for (size_t i = 0; i < event->n; i++) {
        raw[n++] = (struct raw_field){event->names[i], event->values[i], strlen(event->names[i]),
                                      strlen(event->values[i])};
    }
    (void)world_put(sim->world, sim->now, strncmp(event->type, "cuiban.", 7) == 0, raw, n);
}

static void say(struct sim *sim, const struct happening *event)
{
    int n = snprintf(sim->doing, sizeof sim->doing, "%s %s", event->type, event->id);

    for (size_t i = 0; i < event->n && n > 0 && (size_t)n < sizeof sim->doing; i++) {
        n += snprintf(sim->doing + n, sizeof sim->doing - (size_t)n, " %s=%s", event->names[i],
                      event->values[i]);
    }
}

/* A commit that never happened leaves nothing behind: the store offers the same event again. */
static void serve(struct sim *sim, const struct happening *event)
{
    say(sim, event);
    if (generator_chance(&sim->generator, 10)) {
        world_lose(sim->world, true);
        put(sim, event);
        world_lose(sim->world, false);
    }
    put(sim, event);
    oracle_event(sim->oracle, event, sim->now);
}

static void do_event(struct sim *sim)
{
    struct happening event;

    generator_event(&sim->generator, sim->now, &event);
    serve(sim, &event);
}

static void do_command(struct sim *sim)
{
    const struct affair *affairs;
    size_t n = oracle_affairs(sim->oracle, &affairs);
    struct happening event;

    if (generator_command(&sim->generator, affairs, n, sim->now, &event)) {
        serve(sim, &event);
    }
}

static const char *advance(struct sim *sim)
{
    if (generator_chance(&sim->generator, 10)) {
        world_lose(sim->world, true);
        world_advance(sim->world, sim->now);
        world_lose(sim->world, false);
    }
    world_advance(sim->world, sim->now);
    return oracle_judge(sim->oracle, sim->world, sim->now, true);
}

/* Time passes: instant by instant, or, in a downtime, all at once. */
static const char *do_pass(struct sim *sim)
{
    int64_t end = sim->now + generator_pass(&sim->generator);
    bool down = generator_chance(&sim->generator, 25);
    const char *wrong = NULL;

    (void)snprintf(sim->doing, sizeof sim->doing, "%s %lld min", down ? "down" : "pass",
                   (long long)(end - sim->now) / MINUTE);
    while (!wrong && !down && engine_next(world_engine(sim->world)) <= end) {
        int64_t next = engine_next(world_engine(sim->world));
        sim->now = next > sim->now ? next : sim->now;
        wrong = advance(sim);
    }
    sim->now = end;
    return wrong ? wrong : advance(sim);
}

/* The clock moves and the next input is served before anything fires. */
static void do_lag(struct sim *sim)
{
    sim->now += (int64_t)generator_below(&sim->generator, 240) * MINUTE;
    (void)snprintf(sim->doing, sizeof sim->doing, "lag");
}

static void do_deliver(struct sim *sim, bool honest)
{
    static char names[CLAIMS_MAX][NOTIFICATION_ID_MAX];
    const char *ids[CLAIMS_MAX];
    struct verdict verdict = {.kind = VERDICT_DELIVERED};
    const struct notification *note;
    size_t cursor = 0;
    size_t n = 0;

    while (n < CLAIMS_MAX && (note = engine_next_notification(world_engine(sim->world), &cursor)) != NULL) {
        if (honest || generator_chance(&sim->generator, 60)) {
            memcpy(names[n], note->id, sizeof note->id);
            ids[n] = names[n];
            n++;
        }
    }
    if (!honest) {
        generator_verdict(&sim->generator, &verdict);
    }
    (void)snprintf(sim->doing, sizeof sim->doing, "deliver %zu, %s", n, verdict_name(verdict.kind));
    if (!honest && generator_chance(&sim->generator, 10)) {
        world_lose(sim->world, true);
        (void)world_claim(sim->world, ids, n, 10000);
        world_lose(sim->world, false);
        return; /* what has not been claimed never left */
    }
    n = world_claim(sim->world, ids, n, 10000);
    if (honest || !generator_chance(&sim->generator, 15)) { /* else: the verdict is lost */
        world_verdict(sim->world, ids, n, &verdict);
    }
}

/* The same rules in other words: every deadline comes over, and nothing that anybody is told changes. */
static void reword(struct sim *sim)
{
    char path[96], line[1024];

    (void)snprintf(path, sizeof path, "%s/rules.cfg", sim->rules);
    FILE *from = fopen(TEST_SOURCE_DIR "/world/rules.d/rules.cfg", "re"), *to = fopen(path, "we");
    assert_non_null(from);
    assert_non_null(to);
    sim->worded++;
    while (fgets(line, sizeof line, from)) {
        if (strncmp(line, "  open ", 7) == 0) {
            (void)fprintf(to, "  done = \"%d\";\n", sim->worded);
        }
        (void)fputs(line, to);
    }
    (void)fclose(from);
    assert_int_equal(fclose(to), 0);
}

/* A running engine takes them; the daemon may die in the middle of it. */
static void do_take(struct sim *sim)
{
    struct config_choice choice = {.rules = sim->rules};

    (void)snprintf(sim->doing, sizeof sim->doing, "take other files");
    reword(sim);
    world_begin_taking(sim->world, &choice);
    while (world_settle(sim->world)) {
        if (generator_chance(&sim->generator, 20)) {
            world_reload(sim->world);
        }
    }
}

static const char *one_step(struct sim *sim)
{
    uint64_t dice = generator_below(&sim->generator, 100);
    const char *wrong = NULL;

    if (dice < 38) {
        do_event(sim);
    } else if (dice < 42) {
        do_command(sim);
    } else if (dice < 72) {
        wrong = do_pass(sim);
    } else if (dice < 75) {
        do_lag(sim);
    } else if (dice < 95) {
        do_deliver(sim, false);
    } else if (dice < 97) {
        do_take(sim);
    } else {
        (void)snprintf(sim->doing, sizeof sim->doing, "die");
        (void)world_take_over(sim->world, true);
    }
    if (!wrong) {
        wrong = oracle_judge(sim->oracle, sim->world, sim->now, false);
    }
    return wrong ? wrong : world_differs(sim->world);
}

/* Everything is delivered, nothing more comes: what is left over would have been lost. */
static const char *drain(struct sim *sim)
{
    const char *wrong = NULL;

    for (int days = 0; days < 40 && !wrong; days++) {
        sim->now += DAY;
        wrong = advance(sim);
        do_deliver(sim, true);
        if (!wrong) {
            wrong = oracle_judge(sim->oracle, sim->world, sim->now, true);
        }
    }
    (void)snprintf(sim->doing, sizeof sim->doing, "drain");
    if (!wrong && engine_next(world_engine(sim->world)) != INSTANT_NEVER) {
        wrong = "something is still to come after 40 days";
    }
    return wrong;
}

static void show(const struct sim *sim, unsigned long long step)
{
    char at[INSTANT_TEXT_MAX];

    printf("%llu %s %s\n", step, instant_format(sim->now, 8 * 3600, at), sim->doing);
}

static void forget_rules(const struct sim *sim)
{
    char path[96];

    (void)snprintf(path, sizeof path, "%s/rules.cfg", sim->rules);
    (void)unlink(path);
    (void)rmdir(sim->rules);
}

static int play(unsigned long long seed, unsigned long long steps, bool trace)
{
    struct sim sim = {.world = world_open_at(TEST_SOURCE_DIR "/world"),
                      .oracle = oracle_open(),
                      .trace = trace,
                      .rules = "/tmp/cuiban-sim-XXXXXX"};
    const char *wrong = NULL;
    unsigned long long step = 0;
    size_t opened, closed, told, dead;

    assert_non_null(mkdtemp(sim.rules));
    generator_init(&sim.generator, seed);
    sim.now = world_time("2026-11-02T09:00");
    world_watch(sim.world, oracle_saw, sim.oracle);
    while (!wrong && step < steps) {
        wrong = one_step(&sim);
        step++;
        if (trace) {
            show(&sim, step);
            oracle_trace(sim.oracle);
        }
    }
    wrong = wrong ? wrong : drain(&sim);
    oracle_sum(sim.oracle, &opened, &closed, &told, &dead);
    printf("seed %llu: %llu steps, %zu opened, %zu closed, %zu told, %zu dead: %s\n", seed, step, opened,
           closed, told, dead, wrong ? wrong : "good");
    if (wrong) {
        show(&sim, step);
        printf("again: sim %llu %llu trace\n", seed, step);
    }
    (void)fflush(stdout);
    forget_rules(&sim);
    oracle_close(sim.oracle);
    world_close(sim.world);
    return wrong ? 1 : 0;
}

static int play_file(const char *name)
{
    FILE *file = fopen(name, "re");
    char line[256];
    int failed = 0;

    if (!file) {
        perror(name);
        return 1;
    }
    while (fgets(line, sizeof line, file)) {
        char *end;
        unsigned long long seed = strtoull(line, &end, 10);
        unsigned long long steps = end != line ? strtoull(end, NULL, 10) : 0;
        failed |= steps > 0 && play(seed, steps, false);
    }
    (void)fclose(file);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        return play_file(TEST_SOURCE_DIR "/seeds.txt");
    }
    unsigned long long seed =
        strcmp(argv[1], "fresh") == 0 ? (unsigned long long)time(NULL) : strtoull(argv[1], NULL, 10);
    return play(seed, strtoull(argv[2], NULL, 10), argc > 3);
}

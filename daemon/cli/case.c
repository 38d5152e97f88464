#include "cli/case.h"

#include <stdlib.h>
#include <string.h>

#include "cli/verbs.h"

/* -- the line of time -- */

/* What belongs on it, and which member of the record names the person. */
static const struct {
    const char *what, *person;
    bool has_at; /* `at` is when it happened, not when it was read */
} told[] = {
    {"opened", "owner", false},    {"woke", "owner", false},
    {"restarted", "owner", false}, {"owner_unknown", "owner", false},
    {"changed", NULL, true},       {"extended", "by", false},
    {"recounted", NULL, false},    {"paused", NULL, true},
    {"recomputed", NULL, false},   {"resumed", NULL, true},
    {"owner", "owner", false},     {"reassigned", "owner", false},
    {"overdue", "owner", false},   {"delivered", "to", false},
    {"dead", "to", false},         {"ack", "by", false},
    {"met", "by", true},           {"met_late", "by", true},
    {"cancelled", "by", true},     {"waived", "by", true},
};

static void add_moment(struct case_file *file, const struct case_moment *moment)
{
    if (file->n_moments == CASE_MOMENTS_MAX)
        file->cut = true;
    else
        file->moments[file->n_moments++] = *moment;
}

static void add_record(struct case_file *file, const struct life *life, const struct history_record *record)
{
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        const char *person = told[i].person == NULL ? NULL : fields_get(&record->fields, told[i].person);
        struct case_moment moment = {record->now, life, record->what, person == NULL ? "" : person, record};

        if (strcmp(told[i].what, record->what) != 0)
            continue;
        if (told[i].has_at)
            moment.at = history_int(record, "at", record->now);
        if (strcmp(record->what, "opened") == 0 && life->opened != INSTANT_NONE && life->opened < record->now)
            moment.at = life->opened;
        add_moment(file, &moment);
        return;
    }
}

/* Of a deadline that the journal does not know any more, base:deadlines and base:closed know the ends. */
static void add_life(struct case_file *file, const struct life *life)
{
    struct case_moment opened = {life->opened, life, "opened", life->owner, NULL};
    struct case_moment closed = {life->closed, life, life->how, life->by == NULL ? "" : life->by, NULL};

    for (size_t i = 0; i < life->n_records; i++)
        add_record(file, life, &life->records[i]);
    if (life_last(life, "opened") == NULL && life->opened != INSTANT_NONE)
        add_moment(file, &opened);
    if (life->n_records == 0 && life->how != NULL)
        add_moment(file, &closed);
}

/* What happened at one instant stands as the journal has it; what the journal does not have, first. */
static int by_time(const void *a, const void *b)
{
    const struct case_moment *left = a, *right = b;
    const struct history_record *one = left->record, *two = right->record;

    if (left->at != right->at)
        return left->at < right->at ? -1 : 1;
    if (one == NULL || two == NULL)
        return (one != NULL) - (two != NULL);
    if (one->seq != two->seq)
        return one->seq < two->seq ? -1 : 1;
    return (one->place > two->place) - (one->place < two->place);
}

/* -- who held it -- */

static struct case_holder *holder_of(struct case_file *file, const char *person)
{
    for (size_t i = 0; i < file->n_holders; i++) {
        if (strcmp(file->holders[i].person, person) == 0)
            return &file->holders[i];
    }
    if (file->n_holders == CASE_HOLDERS_MAX) {
        file->cut = true;
        return NULL;
    }
    file->holders[file->n_holders] = (struct case_holder){.person = person};
    return &file->holders[file->n_holders++];
}

static void add_holdings(struct case_file *file, const struct life *life)
{
    struct holding holdings[HOLDINGS_MAX];
    size_t n = holding_list(life, file->config, file->now, holdings);

    for (size_t i = 0; i < n; i++) {
        struct case_holder *holder = holder_of(file, holdings[i].person);

        if (holder == NULL)
            return;
        holder->deadlines++;
        holder->elapsed_ms += holdings[i].elapsed_ms;
        holder->working_ms += holdings[i].working_ms;
    }
}

static int by_share(const void *a, const void *b)
{
    const struct case_holder *left = a, *right = b;

    if (left->working_ms != right->working_ms)
        return left->working_ms > right->working_ms ? -1 : 1;
    return strcmp(left->person, right->person);
}

/* -- loading -- */

static enum cli_status load_shard(struct cli *cli, const struct shard_view *shard, const struct fields *given,
                                  struct case_file *file)
{
    struct snapshot *snapshot = &file->shards[file->n_shards];
    const struct sightings_wanted events = {given, NULL};
    struct sightings *sightings = arena_alloc(file->arena, sizeof(*sightings));
    struct lives_wanted wanted = {.given = given, .sightings = sightings};
    struct lives *lives = arena_alloc(file->arena, sizeof(*lives));
    enum cli_status status;

    if (sightings == NULL || lives == NULL)
        return cli_fail(cli, "out of memory", "内存不足");
    status = snapshot_load(cli, file->config, shard, snapshot);
    file->lives[file->n_shards++] = lives;
    if (status == CLI_OK)
        status = sightings_search(snapshot, &events, file->arena, sightings);
    if (status == CLI_OK)
        status = lives_load(snapshot, &wanted, file->arena, lives);
    file->now = snapshot->now > file->now ? snapshot->now : file->now;
    file->n_lives += lives->n;
    file->cut = file->cut || lives->cut || sightings->cut;
    return status;
}

const struct life *case_next(const struct case_file *file, size_t *cursor)
{
    size_t at = *cursor;

    for (size_t i = 0; i < file->n_shards; i++) {
        if (at < file->lives[i]->n) {
            ++*cursor;
            return &file->lives[i]->items[at];
        }
        at -= file->lives[i]->n;
    }
    return NULL;
}

enum cli_status case_load(struct cli *cli, const struct config *config, const struct shards *shards,
                          const struct fields *given, struct case_file *out)
{
    enum cli_status status = CLI_OK;
    const struct life *life;
    size_t cursor = 0;

    *out = (struct case_file){.config = config, .arena = arena_create(), .now = INSTANT_NONE};
    out->shards = calloc(shards->n, sizeof(*out->shards));
    out->lives = calloc(shards->n, sizeof(struct lives *));
    out->moments = calloc(CASE_MOMENTS_MAX, sizeof(*out->moments));
    if (out->arena == NULL || out->shards == NULL || out->lives == NULL || out->moments == NULL)
        return cli_fail(cli, "out of memory", "内存不足");
    for (size_t i = 0; i < shards->n && status == CLI_OK; i++)
        status = load_shard(cli, &shards->items[i], given, out);
    while (status == CLI_OK && (life = case_next(out, &cursor)) != NULL) {
        add_life(out, life);
        add_holdings(out, life);
    }
    qsort(out->moments, out->n_moments, sizeof(out->moments[0]), by_time);
    qsort(out->holders, out->n_holders, sizeof(out->holders[0]), by_share);
    return status;
}

void case_finish(struct case_file *file)
{
    for (size_t i = 0; i < file->n_shards; i++)
        snapshot_finish(&file->shards[i]);
    free(file->shards);
    free(file->lives);
    free(file->moments);
    arena_destroy(file->arena);
    *file = (struct case_file){0};
}

/* -- the verb -- */

static enum cli_status tell(struct cli *cli, const struct case_file *file)
{
    struct json_writer json;
    struct buffer out;

    if (file->n_lives == 0)
        cli_warn(cli, "no deadline, open or closed, has %s", "没有任何事项（进行中或已结束）含 %s",
                 cli->arguments.words[0]);
    if (!cli->json) {
        if (file->n_lives > 0)
            case_print(cli, file);
        return file->n_lives > 0 ? CLI_OK : CLI_FINDING;
    }
    buffer_init(&out);
    json_begin(&json, &out);
    case_json(&json, file);
    return cli_print_json(cli, &out, file->n_lives > 0 ? CLI_OK : CLI_FINDING);
}

enum cli_status verb_case(struct cli *cli)
{
    struct arena *arena = arena_create();
    struct setup_fields fields;
    struct config *config = NULL;
    struct shards shards = {0};
    struct case_file file = {0};
    enum cli_status status = arena == NULL ? cli_fail(cli, "out of memory", "内存不足")
                                           : setup_read_fields(cli, arena, 0, &fields);

    if (status == CLI_OK)
        status = setup_load_look(cli, &config);
    if (status == CLI_OK)
        status = setup_shards(cli, config, &shards);
    if (status == CLI_OK)
        status = case_load(cli, config, &shards, &fields.given, &file);
    if (status == CLI_OK)
        status = tell(cli, &file);
    case_finish(&file);
    setup_shards_close(&shards);
    config_unload(config);
    arena_destroy(arena);
    return status;
}

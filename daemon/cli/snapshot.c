#include "cli/snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/template.h"

static int append(void ***items, size_t *n, void *item)
{
    void **grown;

    /* Room grows in powers of two: it is full whenever n is one. */
    if ((*n & (*n - 1)) == 0) {
        grown = reallocarray(*items, *n == 0 ? 1 : *n * 2, sizeof(*grown));
        if (grown == NULL)
            return -ENOMEM;
        *items = grown;
    }
    (*items)[(*n)++] = item;
    return 0;
}

/* -- rules -- */

static int snapshot_on_version(void *data, const char *key, const char *value, size_t value_n)
{
    struct snapshot *snapshot = data;
    struct snapshot_version *grown =
        reallocarray(snapshot->versions, snapshot->n_versions + 1, sizeof(*snapshot->versions));

    if (grown == NULL)
        return -ENOMEM;
    snapshot->versions = grown;
    grown += snapshot->n_versions++;
    *grown = (struct snapshot_version){strdup(key), strndup(value, value_n), NULL};
    return grown->fingerprint == NULL || grown->text == NULL ? -ENOMEM : 0;
}

const struct rule *snapshot_parse_rule(void *data, const char *text)
{
    struct snapshot *snapshot = data;
    const struct rule *rule;

    return config_parse_rule(snapshot->config, snapshot->arena, text, &rule) == 0 ? rule : NULL;
}

const struct rule *snapshot_rule(struct snapshot *snapshot, const char *fingerprint)
{
    const struct rule *rule = ruleset_find_version(snapshot->config->rules, fingerprint);

    for (size_t i = 0; rule == NULL && i < snapshot->n_versions; i++) {
        struct snapshot_version *version = &snapshot->versions[i];

        if (strcmp(version->fingerprint, fingerprint) != 0)
            continue;
        if (version->rule == NULL)
            version->rule = snapshot_parse_rule(snapshot, version->text);
        rule = version->rule;
    }
    return rule;
}

static const struct rule *find_rule(const void *data, const char *name, const char *fingerprint)
{
    (void)name;
    /* The versions are a cache: looking one up parses it. */
    return snapshot_rule((struct snapshot *)data, fingerprint);
}

/* -- tables -- */

static void damaged(struct snapshot *snapshot, const char *what, const char *key, int status, const char *why)
{
    snapshot->damaged++;
    if (status == -ENOENT)
        why = cli_in(snapshot->cli, "its rule is in no file and not in base:rules",
                     "其规则不在文件中，也不在 base:rules 中");
    cli_warn(snapshot->cli, "%s: %s %s: %s", "%s：%s %s：%s", snapshot->shard->stream, what, key, why);
}

static int snapshot_on_deadline(void *data, const char *key, const char *value, size_t value_n)
{
    struct snapshot *snapshot = data;
    struct deadline *deadline;
    const char *why = "";
    int status = deadline_decode(value, value_n, find_rule, snapshot, &deadline, &why);

    if (status == -ENOMEM)
        return status;
    if (status != 0) {
        damaged(snapshot, cli_in(snapshot->cli, "deadline", "期限"), key, status, why);
        return 0;
    }
    snprintf(deadline->id, sizeof(deadline->id), "%s", key); /* not repeated in the text */
    status = append((void ***)&snapshot->deadlines, &snapshot->n_deadlines, deadline);
    if (status != 0)
        deadline_destroy(deadline);
    return status;
}

static int snapshot_on_notification(void *data, const char *key, const char *value, size_t value_n)
{
    struct snapshot *snapshot = data;
    struct notification *notification;
    const char *why = "";
    int status = notification_decode(key, value, value_n, &notification, &why);

    if (status == -ENOMEM)
        return status;
    if (status != 0) {
        damaged(snapshot, cli_in(snapshot->cli, "notification", "通知"), key, status, why);
        return 0;
    }
    status = append((void ***)&snapshot->outbox, &snapshot->n_outbox, notification);
    if (status != 0)
        notification_destroy(notification);
    return status;
}

static int by_due(const void *a, const void *b)
{
    const struct deadline *one = *(const struct deadline *const *)a,
                          *two = *(const struct deadline *const *)b;

    if (one->due != two->due)
        return one->due < two->due ? -1 : 1;
    return strcmp(one->id, two->id);
}

static int by_id(const void *a, const void *b)
{
    const struct notification *one = *(const struct notification *const *)a;
    const struct notification *two = *(const struct notification *const *)b;

    return strcmp(one->id, two->id);
}

/* -- loading -- */

enum cli_status snapshot_load(struct cli *cli, const struct config *config, const struct shard_view *shard,
                              struct snapshot *out)
{
    struct query *query = shard->query;
    struct query_head head;
    int status;

    *out = (struct snapshot){.cli = cli, .config = config, .shard = shard, .arena = arena_create()};
    status = out->arena == NULL ? -ENOMEM : setup_now(shard, &head, &out->now);
    if (status == 0)
        status = query_each(query, TABLE_RULES, snapshot_on_version, out);
    if (status == 0)
        status = query_each(query, TABLE_DEADLINES, snapshot_on_deadline, out);
    if (status == 0)
        status = query_each(query, TABLE_OUTBOX, snapshot_on_notification, out);
    if (status == -ENOMEM)
        return cli_fail(cli, "out of memory", "内存不足");
    if (status != 0)
        return setup_query_failed(cli, shard);
    if (out->n_deadlines > 0)
        qsort(out->deadlines, out->n_deadlines, sizeof(struct deadline *), by_due);
    if (out->n_outbox > 0)
        qsort(out->outbox, out->n_outbox, sizeof(struct notification *), by_id);
    return CLI_OK;
}

void snapshot_finish(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->n_outbox; i++)
        notification_destroy(snapshot->outbox[i]);
    for (size_t i = 0; i < snapshot->n_deadlines; i++)
        deadline_destroy(snapshot->deadlines[i]);
    for (size_t i = 0; i < snapshot->n_versions; i++) {
        free(snapshot->versions[i].fingerprint);
        free(snapshot->versions[i].text);
    }
    free(snapshot->outbox);
    free(snapshot->deadlines);
    free(snapshot->versions);
    arena_destroy(snapshot->arena);
    *snapshot = (struct snapshot){0};
}

bool snapshot_names(const char *id, const char *typed)
{
    size_t n = strlen(id);

    return strncasecmp(id, typed, n) == 0 && (typed[n] == '\0' || typed[n] == '-');
}

const struct deadline *snapshot_find(const struct snapshot *snapshot, const char *id)
{
    for (size_t i = 0; i < snapshot->n_deadlines; i++) {
        if (snapshot_names(snapshot->deadlines[i]->id, id))
            return snapshot->deadlines[i];
    }
    return NULL;
}

bool snapshot_is_case(const struct deadline *deadline, const char *rule, const struct fields *given)
{
    if (strcmp(deadline->rule->name, rule) != 0)
        return false;
    for (size_t i = 0; i < given->n; i++) {
        const char *value = fields_get(&deadline->fields, given->items[i].name);
        if (value == NULL || strcmp(value, given->items[i].value) != 0)
            return false;
    }
    return true;
}

/* -- what a deadline means to people -- */

const struct calendar *snapshot_calendar(const struct config *config, const struct deadline *deadline)
{
    const struct rule *rule = deadline->rule;
    const struct department *department = NULL;
    const char *id = deadline->department;

    if (rule->calendar_of == CALENDAR_OF_OWNER) {
        const struct person *owner = directory_person(config->directory, deadline->owner);
        id = owner == NULL ? NULL : owner->department;
    }
    if (rule->calendar_of != CALENDAR_NAMED && id != NULL)
        department = directory_department(config->directory, id);
    if (department != NULL && department->calendar != NULL)
        return department->calendar;
    return rule->calendar != NULL ? rule->calendar : ruleset_policy(config->rules)->calendar;
}

static bool about_value(void *data, const char *name, struct buffer *out, bool *is_private)
{
    const char *value = fields_get(data, name);

    *is_private = false;
    if (value == NULL || *value == '\0')
        return false;
    buffer_add_text(out, value);
    return true;
}

static size_t about_section(void *data, const char *name)
{
    const char *value = fields_get(data, name);

    return value != NULL && *value != '\0' ? 1 : 0;
}

static void about_enter(void *data, const char *name, size_t i)
{
    (void)data;
    (void)name;
    (void)i;
}

static void about_leave(void *data)
{
    (void)data;
}

void snapshot_about(const struct rule *rule, const struct fields *fields, struct buffer *out)
{
    static const struct template_options plain = {DIALECT_PLAIN, false};
    struct template_values values = {(void *)fields, about_value, about_section, about_enter, about_leave};
    size_t before = out->n;
    bool has_about;

    if (*rule->about != '\0')
        template_render_line(rule->about, &values, &plain, false, out);
    has_about = out->n > before;
    for (size_t i = 0; !has_about && i < rule->key.n; i++) {
        const char *value = fields_get(fields, rule->key.fields[i].name);
        buffer_printf(out, "%s%s=%s", i == 0 ? "" : " ", rule->key.fields[i].name,
                      value == NULL ? "" : value);
    }
    if (out->n > before)
        cli_clean(out->bytes + before);
}

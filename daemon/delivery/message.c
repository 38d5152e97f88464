#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

/* The pieces that a message points to while the plugin reads it. */
struct draft {
    struct composed composed;
    struct buffer plain;
    struct cuiban_recipient recipients[MESSAGE_NOTIFICATIONS_MAX];
    size_t n_recipients;
};

static bool is_mark(char c)
{
    return c != '\0' && strchr("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", c) != NULL;
}

/* The end of the link's address if `text` stands at "](": "[words](url)" reads as its words. */
static const char *link_tail(const char *text)
{
    const char *end = text[0] == ']' && text[1] == '(' ? strchr(text, ')') : NULL;

    return end;
}

void message_plain_title(struct buffer *out, enum dialect dialect, const char *title)
{
    bool in_link = false;

    for (const char *at = title; *at != '\0'; at++) {
        if (dialect == DIALECT_COMMONMARK && at[0] == '\\' && is_mark(at[1])) {
            buffer_add_char(out, *++at);
        } else if (dialect != DIALECT_PLAIN && at[0] == '*' && at[1] == '*') {
            at++;
        } else if (dialect != DIALECT_PLAIN && at[0] == '[' && strstr(at, "](") != NULL) {
            in_link = true;
        } else if (in_link && link_tail(at) != NULL) {
            at = link_tail(at);
            in_link = false;
        } else if (*at == '\n' || *at == '\r') {
            buffer_add_char(out, ' ');
        } else {
            buffer_add_char(out, *at);
        }
    }
}

static int give_up(struct verdict *verdict, enum verdict_kind kind, const char *reason)
{
    *verdict = (struct verdict){.kind = kind};
    snprintf(verdict->reason, sizeof(verdict->reason), "%s", reason);
    verdict->reason[utf8_cut(verdict->reason, strlen(verdict->reason), sizeof(verdict->reason) - 1)] = '\0';
    return -1;
}

static void add_recipient(struct draft *draft, const char *id, const struct person *person,
                          const char *address)
{
    for (size_t i = 0; i < draft->n_recipients; i++)
        if (strcmp(draft->recipients[i].id, id) == 0)
            return;
    draft->recipients[draft->n_recipients++] = (struct cuiban_recipient){
        .id = id,
        .name = person != NULL ? person->name : id,
        .address = address,
    };
}

/* To a person: that one, with an address. To a group: those whom it can mention; a channel that mentions
 * nobody gets them all, by name only. */
static int address_message(const struct message_order *order, const struct channel_facts *facts,
                           struct draft *draft, struct verdict *verdict)
{
    const struct directory *people = engine_people(order->engine);
    char reason[NOTIFICATION_REASON_MAX];

    for (size_t i = 0; i < order->n; i++) {
        const char *id = order->notifications[i]->to;
        const struct person *person = id[0] == '\0' ? NULL : directory_person(people, id);
        const char *address =
            person == NULL || facts->address == NULL ? NULL : person_address(person, facts->address);
        bool is_needed = facts->reach == REACH_PERSON || facts->mentions;

        if (address != NULL && address[0] == '\0')
            address = NULL;
        if (facts->reach == REACH_PERSON && id[0] == '\0')
            return give_up(verdict, VERDICT_REFUSED,
                           "the channel reaches persons, and this goes to nobody in particular");
        if (facts->reach == REACH_PERSON && facts->address != NULL && address == NULL) {
            snprintf(reason, sizeof(reason), "no address of the kind \"%s\" is known for %s", facts->address,
                     id);
            return give_up(verdict, VERDICT_REFUSED, reason);
        }
        if (id[0] != '\0' && !(is_needed && facts->address != NULL && address == NULL))
            add_recipient(draft, id, person, address);
    }
    return 0;
}

static int compose(const struct message_order *order, const struct channel_facts *facts, struct draft *draft,
                   struct verdict *verdict)
{
    const struct notification *first = order->notifications[0];
    struct composed *composed = &draft->composed;
    const char *why = "it cannot be composed";
    int rc = 0;

    if (first->title != NULL || first->body != NULL) { /* rendered when it was queued */
        buffer_add_text(&composed->title, first->title != NULL ? first->title : "");
        buffer_add_text(&composed->body, first->body != NULL ? first->body : "");
    } else {
        rc = compose_message(order->engine, order->notifications, order->n, order->now, composed, &why);
    }
    if (rc == -ENOMEM)
        return give_up(verdict, VERDICT_RETRY, "out of memory");
    if (rc != 0)
        return give_up(verdict, VERDICT_REFUSED, why);
    message_plain_title(&draft->plain, facts->dialect, buffer_text(&composed->title));
    if (!buffer_ok(&composed->title) || !buffer_ok(&composed->body) || !buffer_ok(&composed->link) ||
        !buffer_ok(&draft->plain))
        return give_up(verdict, VERDICT_RETRY, "out of memory");
    return 0;
}

/* At the end of a line if one ends in the last third, so that no link is torn; else on a character. */
static void shorten(struct buffer *body, int32_t bytes_max)
{
    size_t n;
    const char *line;

    if (bytes_max <= 0 || body->n <= (size_t)bytes_max)
        return;
    n = utf8_cut(body->bytes, body->n, (size_t)bytes_max);
    line = memrchr(body->bytes, '\n', n);
    if (line != NULL && (size_t)(line - body->bytes) > n / 3 * 2)
        n = (size_t)(line - body->bytes);
    buffer_truncate(body, n);
}

static const char *language_of(const struct message_order *order, const struct channel_facts *facts)
{
    const struct rule_policy *policy = ruleset_policy(engine_rules(order->engine));
    const struct person *person = NULL;

    if (facts->reach == REACH_PERSON)
        person = directory_person(engine_people(order->engine), order->notifications[0]->to);
    if (person != NULL && person->language != NULL)
        return person->language;
    return policy != NULL && policy->language != NULL ? policy->language : "zh-CN";
}

static int hand_over(const struct message_order *order, const struct channel_facts *facts,
                     struct draft *draft, struct plugin_request *out, struct verdict *verdict)
{
    const struct notification *first = order->notifications[0];
    const struct rule_policy *policy = ruleset_policy(engine_rules(order->engine));
    struct cuiban_message message = {
        .size = sizeof(message),
        .id = first->id,
        .thread = first->deadline_id,
        .phase = phase_name(first->phase),
        .language = language_of(order, facts),
        .title = buffer_text(&draft->composed.title),
        .title_plain = buffer_text(&draft->plain),
        .body = buffer_text(&draft->composed.body),
        .link = buffer_text(&draft->composed.link),
        .recipients = draft->recipients,
        .n_recipients = draft->n_recipients,
        .now_ms = order->now,
        .zone_offset_s = policy != NULL && policy->zone != NULL ? zone_offset_s(policy->zone, order->now) : 0,
        .attempt = order->attempt,
    };

    return plugin_prepare(order->channel, &message, out, verdict);
}

int message_prepare(const struct message_order *order, struct plugin_request *out, struct verdict *verdict)
{
    struct channel_facts facts;
    struct draft draft = {.n_recipients = 0};
    int rc;

    plugin_channel_facts(order->channel, &facts);
    composed_init(&draft.composed);
    buffer_init(&draft.plain);
    rc = address_message(order, &facts, &draft, verdict);
    if (rc == 0)
        rc = compose(order, &facts, &draft, verdict);
    if (rc == 0) {
        shorten(&draft.composed.body, order->body_bytes_max);
        rc = hand_over(order, &facts, &draft, out, verdict);
    }
    buffer_finish(&draft.plain);
    composed_finish(&draft.composed);
    return rc;
}

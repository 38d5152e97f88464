/* fake.c: channel plugins for the tests of the host: one that works, and ones that are wrong in a way of
 * their own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cuiban/channel.h>

#ifndef FAKE_ABI
#define FAKE_ABI CUIBAN_CHANNEL_ABI
#endif
#ifndef FAKE_SIZE
#define FAKE_SIZE sizeof(struct cuiban_channel)
#endif
#ifndef FAKE_SYMBOL
#define FAKE_SYMBOL cuiban_channel
#endif
#ifndef FAKE_REACH
#define FAKE_REACH CUIBAN_REACH_PERSON
#endif
#ifndef FAKE_PREPARE
#define FAKE_PREPARE fake_prepare
#endif

struct fake {
    const struct cuiban_host *host;
    char url[300];
};

static void *fake_open(const struct cuiban_host *host, void *channel, const struct cuiban_option *options,
                       size_t n, char *error, size_t error_room)
{
    struct fake *fake = calloc(1, sizeof(*fake));

    for (size_t i = 0; fake != NULL && i < n; i++)
        if (strcmp(options[i].name, "url") == 0)
            snprintf(fake->url, sizeof(fake->url), "%s", options[i].value);
    if (fake == NULL || strcmp(fake->url, "bad") == 0) {
        snprintf(error, error_room,
                 "url = \"bad\" is no address; give http://HOST/PATH like http://x/y?key=SECRET");
        free(fake);
        return NULL;
    }
    fake->host = host;
    host->log(channel, "opened for http://x/SECRET");
    return fake;
}

/* The body: message id, attempt, who, and the text, with '|' between. A body "REFUSE" is refused at once; a
 * title with "DEADLY" in it ends the whole process. */
__attribute__((unused)) static int fake_prepare(void *state, const struct cuiban_message *message,
                                                void *memory, struct cuiban_request *out,
                                                struct cuiban_verdict *verdict)
{
    struct fake *fake = state;
    size_t room = strlen(message->body) + 1000, n;
    char *body = fake->host->alloc(memory, room);

    if (message->title != NULL && strstr(message->title, "DEADLY") != NULL)
        abort();
    if (body == NULL || strcmp(message->body, "REFUSE") == 0) {
        verdict->kind = CUIBAN_REFUSED;
        snprintf(verdict->reason, sizeof(verdict->reason), "no \xff such see http://x/SECRET");
        return -1;
    }
    n = (size_t)snprintf(body, room, "%s|%d|", message->id, message->attempt);
    for (size_t i = 0; i < message->n_recipients; i++)
        n += (size_t)snprintf(body + n, room - n, "%s ", message->recipients[i].address);
    n += (size_t)snprintf(body + n, room - n, "|%s", message->body);
    out->kind = CUIBAN_REQUEST_HTTP;
    out->url = fake->url;
    out->body = body;
    out->body_n = n;
    return 0;
}

static void fake_judge(void *state, const struct cuiban_response *response, struct cuiban_verdict *out)
{
    (void)state;
    out->kind = response->status == 200   ? CUIBAN_DELIVERED
                : response->status == 429 ? CUIBAN_BACKOFF
                : response->status == 401 ? CUIBAN_REAUTH
                : response->status == 403 ? CUIBAN_MISCONFIGURED
                : response->status == 400 ? CUIBAN_REFUSED
                : response->status == 413 ? CUIBAN_REFUSED
                                          : CUIBAN_RETRY;
    out->shrink_bytes = response->status == 413 ? 10 : 0;
    out->delay_ms = response->retry_after_ms > 0 ? response->retry_after_ms : 0;
    out->code = (int32_t)response->status;
    snprintf(out->reason, sizeof(out->reason), "status %ld", response->status);
}

static void fake_close(void *state)
{
    free(state);
}

static const char *const fake_options[] = {"!url", "colour", NULL};

extern const struct cuiban_channel FAKE_SYMBOL;
CUIBAN_EXPORT const struct cuiban_channel FAKE_SYMBOL = {
    .abi = FAKE_ABI,
    .size = FAKE_SIZE,
    .name = "fake",
    .summary = "for tests",
    .reach = FAKE_REACH,
    .dialect = CUIBAN_PLAIN,
    .address = "email",
    .mentions = FAKE_REACH == CUIBAN_REACH_GROUP,
    .max_bytes = 1000,
    .options = fake_options,
    .open = fake_open,
    .prepare = FAKE_PREPARE,
    .judge = fake_judge,
    .close = fake_close,
};

/* host.h: the smallest host a plugin can have: opens its file, lends it memory and hashes, and keeps what it
 * says.
 *
 * Nothing is sent anywhere. */
#ifndef TESTS_PLUGINS_HOST_H
#define TESTS_PLUGINS_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include <cuiban/channel.h>

enum { HOST_BLOCKS_MAX = 256, HOST_OPTIONS_MAX = 16 };

struct host_memory { /* of one request */
    void *blocks[HOST_BLOCKS_MAX];
    size_t n;
    size_t fail_at; /* which allocation returns NULL, counted from 1; 0: none */
};

struct host {
    void *library;
    const struct cuiban_channel *plugin;
    void *state; /* NULL while it is not open */
    char error[300];
    struct host_memory memory;
    struct cuiban_request request;
    struct cuiban_verdict verdict;
};

void host_load(struct host *host, const char *file); /* ends the test program if it is no plugin */
/* Name, value, name, value, ..., NULL. false: host->error says why. */
bool host_open(struct host *host, const char *const *pairs);
bool host_open_list(struct host *host, const struct cuiban_option *options, size_t n);
/* 0: host->request; -1: host->verdict. */
int host_prepare(struct host *host, const struct cuiban_message *message);
void host_judge(struct host *host, const struct cuiban_response *response);
/* A response over HTTP with that body. */
void host_judge_http(struct host *host, long status, const char *body);
void host_judge_transport(struct host *host, int transport, bool sent, long status, const char *body);
/* What a robot makes of every answer that is not its vendor's: HTTP status x body x what the connection did.
 * Fails the running test, naming the case. */
void host_check_foreign_answers(struct host *host);
/* What a reader cannot see, each once, NULL-terminated: none of them may leave in a message. */
extern const char *const host_hidden[];
void host_close(struct host *host); /* may be opened again */
void host_unload(struct host *host);

/* A reminder of the shipped kind, to one person or none, to be changed by the test. */
struct cuiban_message host_message(const struct cuiban_recipient *recipients, size_t n);
const char *host_verdict_name(enum cuiban_verdict_kind kind);
bool host_is_utf8(const char *bytes, size_t n);

#endif

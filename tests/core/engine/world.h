/* world.h: a small company, one engine, and a model of the store behind it.
 *
 * Every change that the engine answers with goes into the model; world_reload throws the engine away and
 * builds another from the model, as a daemon does after a crash. What is told to people comes out as lines of
 * text. */
#ifndef CUIBAN_TESTS_ENGINE_WORLD_H
#define CUIBAN_TESTS_ENGINE_WORLD_H

#include "config/config.h"
#include "core/engine.h"

struct world;

struct world *world_open(void);
struct world *world_open_at(const char *directory); /* another company: a folder with a cuiban.cfg */
/* The small company with other files, from another time on, and as a shard that is home to schedules or not.
 */
struct world *world_open_files(const char *settings, const char *now, bool is_home);
void world_close(struct world *world);
/* Setup and teardown of a cmocka test in the small company: its state is the world. */
int world_setup(void **state);
int world_teardown(void **state);

/* An event at a time ("2026-11-17T15:10" local, which is also the shard's time), with fields as
 * NULL-terminated pairs. The entry's own number counts up. Returns what engine_event returned. */
int world_event(struct world *world, const char *at, const char *type, ...) __attribute__((sentinel));
/* The same, but the shard's time is `now` and the event says that it happened `at`. */
int world_late_event(struct world *world, const char *now, const char *at, const char *type, ...)
    __attribute__((sentinel));
int world_command(struct world *world, const char *at, const char *type, ...) __attribute__((sentinel));
/* Time passes; everything due until then fires at its own instant (no downtime). */
void world_until(struct world *world, const char *at);
/* The same, and every notification is tried as soon as it may leave and ends with the verdict. */
void world_live(struct world *world, const char *at, const struct verdict *verdict);
/* Time jumps: a downtime. */
void world_jump(struct world *world, const char *at);
/* The same, but one commit only; true if there is more to do. */
bool world_piece(struct world *world, const char *at);
/* The daemon with these rules from now on: another engine, loaded from the store. */
void world_restart_with(struct world *world, const char *settings);

/* One event or command with all its fields, `type` and `time` among them. Returns what engine_event returned.
 */
int world_put(struct world *world, instant now, bool command, const struct raw_field *raw, size_t n);
/* Everything due by now fires in one go. */
void world_advance(struct world *world, instant now);
/* While on, no commit ever happens: the changes are dropped and the engine is built again from the model. */
void world_lose(struct world *world, bool lose);
/* Claims these, or ends their attempt: each is one commit. */
size_t world_claim(struct world *world, const char **ids, size_t n, int64_t limit_ms);
void world_verdict(struct world *world, const char *const *ids, size_t n, const struct verdict *verdict);
/* Called after each commit with its journal records: JSON objects, comma-separated. */
void world_watch(struct world *world, void (*saw)(void *data, const char *records), void *data);
/* Does an engine that is built from the model agree with the running one: the same deadlines, notifications,
 * memories and next instants? NULL, or what differs (static). */
const char *world_differs(struct world *world);

/* Sends everything queued that may leave and lets it end with the verdict. Returns how many there were. */
size_t world_deliver(struct world *world, const struct verdict *verdict);
size_t world_claim_all(struct world *world, const char *ids[static 64], int64_t limit_ms);

/* What was queued since the last call, a line each: "reminder zhang.wei mail due-4h" (" copy", " for
 * liu.yang", " in place of boss"). Valid until the next call. */
const char *world_told(struct world *world);
/* Journal verbs since the last call, space-separated. */
const char *world_journal(struct world *world);

/* The records since the last call, JSON. */
const char *world_records(struct world *world);

void world_reload(struct world *world);
/* The daemon dies and another takes the stream over, or it loses the stream and takes it again. */
struct engine_left world_take_over(struct world *world, bool died);
/* The same, in the midst of whatever is going on: it changes nothing. */
void world_reload_same(struct world *world);
/* The same with another settings file of world/, as if the files had changed. */
void world_reload_with(struct world *world, const char *file);
/* The running engine takes other files: begins, then one part after the other, each a commit; true if there
 * is more. Or all at once. Folders that `choice` does not name are those of the settings. */
void world_begin_taking(struct world *world, const struct config_choice *choice);
bool world_settle(struct world *world);
void world_take(struct world *world, const struct config_choice *choice);
/* The same with another settings file. */
void world_take_settings(struct world *world, const char *settings);
/* From the next reload on. */
void world_set_home(struct world *world, bool is_home);
/* Everything durable as text: equal texts, equal states. The caller frees. */
char *world_snapshot(struct world *world);
/* Somebody writes another value into the store. */
void world_spoil(struct world *world, enum change_table table, const char *key, const char *value);
size_t world_table(const struct world *world, enum change_table table); /* entries */
const char *world_dead(const struct world *world, size_t i);            /* dead letters in order */
long world_stat(const struct world *world, const char *key);

struct engine *world_engine(struct world *world);
instant world_now(const struct world *world);
instant world_time(const char *text);                   /* "2026-11-17T15:10" in Shanghai */
const struct deadline *world_only(struct world *world); /* the one open deadline */

#endif

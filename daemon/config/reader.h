/* reader.h: libconfig files, and typed access to what is in them; every error knows its file and line.
 *
 * A reader collects problems and goes on: a getter that finds nothing usable reports and answers with false,
 * and the caller carries on with its default, so that one run finds everything. Memory running out sets
 * `failed`, once for all. */
#ifndef CUIBAN_CONFIG_READER_H
#define CUIBAN_CONFIG_READER_H

#include <libconfig.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/problem.h"
#include "core/rule.h"

enum {
    READER_FILES_MAX = 1000,
    READER_LIST_MAX = 20000,             /* elements of one list */
    READER_SECRET_BYTES_MAX = 64 * 1024, /* of a file named by an "@" value */
};

struct reader {
    struct arena *arena; /* texts are copied here */
    struct problems *problems;
    bool failed;          /* memory ran out */
    bool without_secrets; /* "@path" values are not read */
};

/* One parsed file. */
struct document {
    config_t config;
    const char *file;
    bool readable; /* false: nothing of it can be used, so names may be missing elsewhere */
};

struct documents {
    struct document **items;
    size_t n;
    bool incomplete; /* a file could not be read */
};

/* Reads one file, or all *.cfg of a directory in the order of their names. `must_exist`: else a missing one
 * is empty. */
void documents_read(struct reader *reader, const char *path, bool must_exist, struct documents *out);
/* Parses a text that is in memory; `file` is what errors call it. */
struct document *document_parse(struct reader *reader, const char *file, char *text, size_t n);
void document_destroy(struct document *document);
void documents_finish(struct documents *documents);
const config_setting_t *document_root(const struct document *document);

/* All bytes of a file, with a NUL behind them; the caller frees. 0 or negative errno (-EFBIG: more than
 * `max`). */
int reader_slurp(const char *path, size_t max, char **out, size_t *n);
/* `name` seen from the directory of `file`, in the arena. */
const char *reader_path(struct reader *reader, const char *file, const char *name);

const char *reader_file(const config_setting_t *setting);
int reader_line(const config_setting_t *setting);
/* "interview_feedback.ladder[2].to", in the arena; elements are counted from 1. */
const char *reader_place(struct reader *reader, const config_setting_t *setting);

/* Reports "place: what" at the setting's line; the same problem is reported once only. */
void reader_error(struct reader *reader, const config_setting_t *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void reader_warning(struct reader *reader, const config_setting_t *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void reader_hint(struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Reports `"text": why`; `why` is what a parser of the core has said. */
void reader_refuse(struct reader *reader, const config_setting_t *at, const char *text, const char *why);
/* "unknown KIND `word`", and "did you mean" if a candidate is near. */
void reader_unknown(struct reader *reader, const config_setting_t *at, const char *kind, const char *word,
                    const char *const *candidates, size_t n);
void reader_no_memory(struct reader *reader);

/* A growing list of names, in the arena. */
struct names {
    const char **items;
    size_t n, room;
};
void names_add(struct reader *reader, struct names *names, const char *name);
bool names_have(const struct names *names, const char *name);

/* Reports every member that is not in `known`. */
void reader_check_keys(struct reader *reader, const config_setting_t *group, const char *const *known,
                       size_t n);
bool reader_is_group(struct reader *reader, const config_setting_t *setting);

const config_setting_t *reader_member(const config_setting_t *group, const char *name); /* NULL if missing */
bool reader_text(struct reader *reader, const config_setting_t *setting, const char **out); /* not empty */
bool reader_texts(struct reader *reader, const config_setting_t *setting,
                  struct texts *out); /* one or a list */
bool reader_bool(struct reader *reader, const config_setting_t *setting, bool *out);
bool reader_int(struct reader *reader, const config_setting_t *setting, int64_t min, int64_t max,
                int64_t *out);
bool reader_choice(struct reader *reader, const config_setting_t *setting, const char *const *words, size_t n,
                   int *out);
/* "2s", "90d": in milliseconds. */
bool reader_duration(struct reader *reader, const config_setting_t *setting, int64_t *out);
bool duration_parse(const char *text, int64_t *out);
/* Any plain value as text; "@path" is read from that file, the last line end cut. The text is never shown. */
bool reader_option(struct reader *reader, const config_setting_t *setting, const char **out);

/* Of the member `quiet`, which may be missing. */
void reader_get_quiet(struct reader *reader, const config_setting_t *group, struct quiet *out);
/* "4wh", "4h" or "none", which is a span that counts 0. */
bool reader_gap(struct reader *reader, const config_setting_t *setting, struct span *out);

/* Members of groups: nothing happens if the member is missing. */
void reader_get_text(struct reader *reader, const config_setting_t *group, const char *name,
                     const char **out);
void reader_get_duration(struct reader *reader, const config_setting_t *group, const char *name,
                         int64_t *out);
void reader_get_count(struct reader *reader, const config_setting_t *group, const char *name, size_t max,
                      size_t *out);

#endif

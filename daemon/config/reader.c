#include "config/reader.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/config.h"
#include "config/prescan.h"
#include "core/buffer.h"
#include "core/utf8.h"

void reader_no_memory(struct reader *reader)
{
    reader->failed = true;
}

/* ---- files ---- */

int reader_slurp(const char *path, size_t max, char **out, size_t *n)
{
    FILE *stream = fopen(path, "re");
    if (!stream)
        return -errno;
    struct buffer bytes;
    buffer_init(&bytes);
    char block[8192];
    size_t got;
    while ((got = fread(block, 1, sizeof block, stream)) > 0 && bytes.n <= max)
        buffer_add(&bytes, block, got);
    int error = ferror(stream) ? -EIO : 0;
    fclose(stream);
    if (!error && bytes.n > max)
        error = -EFBIG;
    size_t size = bytes.n;
    buffer_add(&bytes, "", 1);
    char *taken = buffer_take(&bytes);
    if (!taken && !error)
        error = -ENOMEM;
    if (error) {
        free(taken);
        return error;
    }
    *out = taken;
    *n = size;
    return 0;
}

const char *reader_path(struct reader *reader, const char *file, const char *name)
{
    const char *slash = file ? strrchr(file, '/') : NULL;
    char *path;
    if (*name == '/' || !slash)
        path = arena_strdup(reader->arena, name);
    else
        path = arena_printf(reader->arena, "%.*s/%s", (int)(slash - file), file, name);
    if (!path)
        reader_no_memory(reader);
    return path ? path : "";
}

static struct document *document_create(struct reader *reader, const char *file)
{
    struct document *document = calloc(1, sizeof *document);
    char *name = arena_strdup(reader->arena, file);
    if (!document || !name) {
        free(document);
        reader_no_memory(reader);
        return NULL;
    }
    document->file = name;
    config_init(&document->config);
    return document;
}

void document_destroy(struct document *document)
{
    if (!document)
        return;
    config_destroy(&document->config);
    free(document);
}

const config_setting_t *document_root(const struct document *document)
{
    return config_root_setting(&document->config);
}

struct document *document_parse(struct reader *reader, const char *file, char *text, size_t n)
{
    struct document *document = document_create(reader, file);
    if (!document)
        return NULL;
    document->readable = prescan(document->file, text, n, reader->problems);
    if (document->readable && config_read_string(&document->config, text) != CONFIG_TRUE) {
        problem_error(reader->problems, document->file, config_error_line(&document->config), "%s",
                      problem_text(reader->problems, config_error_text(&document->config)));
        document->readable = false;
    }
    config_setting_set_hook(config_root_setting(&document->config), document);
    return document;
}

static bool add_document(struct reader *reader, struct documents *documents, struct document *document)
{
    struct document **items = realloc(documents->items, (documents->n + 1) * sizeof *items);
    if (!items) {
        document_destroy(document);
        reader_no_memory(reader);
        return false;
    }
    documents->items = items;
    documents->items[documents->n++] = document;
    return true;
}

static void read_file(struct reader *reader, const char *path, struct documents *out)
{
    char *text = NULL;
    size_t n = 0;
    int error = reader_slurp(path, CONFIG_FILE_BYTES_MAX, &text, &n);
    if (error == -ENOMEM)
        reader_no_memory(reader);
    if (error) {
        problem_error(reader->problems, path, 0, "cannot be read: %s",
                      problem_text(reader->problems, strerror(-error)));
        if (error == -EFBIG)
            problem_hint(reader->problems, "a file holds at most %d MiB",
                         CONFIG_FILE_BYTES_MAX / (1024 * 1024));
        out->incomplete = true;
        return;
    }
    struct document *document = document_parse(reader, path, text, n);
    free(text);
    if (!document)
        return;
    if (!document->readable) {
        out->incomplete = true;
        document_destroy(document);
        return;
    }
    add_document(reader, out, document);
}

static int is_config_file(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return entry->d_name[0] != '.' && n > 4 && strcmp(entry->d_name + n - 4, ".cfg") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_directory(struct reader *reader, const char *path, struct documents *out)
{
    struct dirent **entries;
    int n = scandir(path, &entries, is_config_file, by_name);
    if (n < 0) {
        problem_error(reader->problems, path, 0, "cannot be read: %s",
                      problem_text(reader->problems, strerror(errno)));
        out->incomplete = true;
        return;
    }
    if (n > READER_FILES_MAX)
        problem_error(reader->problems, path, 0, "more than %d files", READER_FILES_MAX);
    for (int i = 0; i < n; i++) {
        char *file = arena_printf(reader->arena, "%s/%s", path, entries[i]->d_name);
        if (!file)
            reader_no_memory(reader);
        else if (i < READER_FILES_MAX)
            read_file(reader, file, out);
        free(entries[i]);
    }
    free(entries);
}

void documents_read(struct reader *reader, const char *path, bool must_exist, struct documents *out)
{
    struct stat status;
    *out = (struct documents){.items = NULL};
    if (stat(path, &status) != 0) {
        if (must_exist || errno != ENOENT)
            read_file(reader, path, out);
    } else if (S_ISDIR(status.st_mode)) {
        read_directory(reader, path, out);
    } else {
        read_file(reader, path, out);
    }
}

void documents_finish(struct documents *documents)
{
    for (size_t i = 0; i < documents->n; i++)
        document_destroy(documents->items[i]);
    free(documents->items);
    *documents = (struct documents){.items = NULL};
}

/* ---- problems ---- */

const char *reader_file(const config_setting_t *setting)
{
    while (config_setting_parent(setting))
        setting = config_setting_parent(setting);
    const struct document *document = config_setting_get_hook(setting);
    return document ? document->file : NULL;
}

int reader_line(const config_setting_t *setting)
{
    return (int)config_setting_source_line(setting);
}

static void add_place(struct buffer *out, const config_setting_t *setting)
{
    const config_setting_t *parent = config_setting_parent(setting);
    if (!parent)
        return;
    add_place(out, parent);
    const char *name = config_setting_name(setting);
    if (!name)
        buffer_printf(out, "[%d]", config_setting_index(setting) + 1);
    else
        buffer_printf(out, "%s%s", out->n ? "." : "", name);
}

const char *reader_place(struct reader *reader, const config_setting_t *setting)
{
    struct buffer place;
    buffer_init(&place);
    add_place(&place, setting);
    const char *text = arena_strdup(reader->arena, buffer_text(&place));
    buffer_finish(&place);
    if (!text)
        reader_no_memory(reader);
    return text ? text : "";
}

static bool is_known_problem(const struct problems *problems, const char *file, int line, const char *what)
{
    for (size_t i = 0; i < problems->n; i++) {
        const struct problem *problem = &problems->items[i];
        if (problem->line == line && strcmp(problem->what, what) == 0 && problem->file && file &&
            strcmp(problem->file, file) == 0)
            return true;
    }
    return false;
}

__attribute__((format(printf, 4, 0))) static void report(struct reader *reader, const config_setting_t *at,
                                                         bool warning, const char *format, va_list arguments)
{
    struct buffer what;
    buffer_init(&what);
    add_place(&what, at);
    if (what.n)
        buffer_add_text(&what, problem_text(reader->problems, ": "));
    char *said = NULL;
    if (vasprintf(&said, problem_text(reader->problems, format), arguments) < 0)
        said = NULL;
    buffer_add_text(&what, said ? said : problem_text(reader->problems, "out of memory"));
    free(said);
    const char *file = reader_file(at);
    int line = reader_line(at);
    if (is_known_problem(reader->problems, file, line, buffer_text(&what)))
        problem_repeat(reader->problems, warning);
    else if (warning)
        problem_warning(reader->problems, file, line, "%s", buffer_text(&what));
    else
        problem_error(reader->problems, file, line, "%s", buffer_text(&what));
    buffer_finish(&what);
}

void reader_error(struct reader *reader, const config_setting_t *at, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report(reader, at, false, format, arguments);
    va_end(arguments);
}

void reader_warning(struct reader *reader, const config_setting_t *at, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report(reader, at, true, format, arguments);
    va_end(arguments);
}

void reader_hint(struct reader *reader, const char *format, ...)
{
    char hint[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(hint, sizeof hint, problem_text(reader->problems, format), arguments);
    va_end(arguments);
    problem_hint(reader->problems, "%s", hint);
}

void reader_refuse(struct reader *reader, const config_setting_t *at, const char *text, const char *why)
{
    reader_error(reader, at, "\"%s\": %s", text, problem_text(reader->problems, why));
}

void reader_unknown(struct reader *reader, const config_setting_t *at, const char *kind, const char *word,
                    const char *const *candidates, size_t n)
{
    reader_error(reader, at, "unknown %s `%s`", problem_text(reader->problems, kind), word);
    const char *nearest = problem_nearest(word, candidates, n);
    if (nearest)
        reader_hint(reader, "did you mean `%s`?", nearest);
}

/* ---- names ---- */

void names_add(struct reader *reader, struct names *names, const char *name)
{
    if (names->n == names->room) {
        size_t room = names->room ? names->room * 2 : 32;
        const char **items = arena_alloc_array(reader->arena, room, sizeof *items);
        if (!items) {
            reader_no_memory(reader);
            return;
        }
        if (names->n)
            memcpy(items, names->items, names->n * sizeof *items);
        names->items = items;
        names->room = room;
    }
    names->items[names->n++] = name;
}

bool names_have(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return false;
}

#include "config/templates.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/compose.h"
#include "core/template.h"
#include "core/utf8.h"

enum { TEMPLATE_FILE_BYTES_MAX = 64 * 1024, LANGUAGES_MAX = 50, TEMPLATES_MAX = 500 /* of one language */ };

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int is_template(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return entry->d_name[0] != '.' && n > 3 && strcmp(entry->d_name + n - 3, ".md") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

struct name_check {
    struct load *load;
    const char *path;
};

static bool is_field(const struct catalogue *catalogue, const char *name)
{
    for (size_t i = 0; i < catalogue->n; i++)
        for (size_t k = 0; k < catalogue->events[i].n_fields; k++)
            if (strcmp(catalogue->events[i].fields[k].name, name) == 0)
                return true;
    return catalogue->n == 0; /* without a catalogue any name may be a field */
}

/* A name that nothing fills in would leave a hole in every message. */
static void check_name(void *data, const char *name, int line)
{
    const struct name_check *check = data;
    struct problems *problems = check->load->reader.problems;
    const char *names[COMPOSE_NAMES_MAX];
    if (compose_knows(name) || is_field(&check->load->config->catalogue, name))
        return;
    const char *nearest = problem_nearest(name, names, compose_names(names, COMPOSE_NAMES_MAX));
    problem_error(problems, check->path, line,
                  "`%s` is neither a name that cuiban knows nor a field of an event", name);
    if (nearest)
        problem_hint(problems, "did you mean `%s`?", nearest);
}

static void add_template(struct load *load, const char *path, const char *language, const char *name)
{
    struct problems *problems = load->reader.problems;
    char *text;
    size_t n;
    int error = reader_slurp(path, TEMPLATE_FILE_BYTES_MAX, &text, &n);
    if (error == -ENOMEM)
        reader_no_memory(&load->reader);
    if (error) {
        problem_error(problems, path, 0, "cannot be read: %s", problem_text(problems, strerror(-error)));
        load->templates_incomplete = true;
        return;
    }
    struct template *template = NULL;
    const char *why = "";
    size_t bom = n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    int line = 0;
    if (!utf8_is_valid(text, n)) {
        problem_error(problems, path, 0, "not UTF-8");
        problem_hint(problems, "save as UTF-8");
        load->templates_incomplete = true;
    } else if ((error = template_parse(text + bom, n - bom, &template, &why, &line)) == -EINVAL) {
        problem_error(problems, path, line, "%s", problem_text(problems, why));
        load->templates_incomplete = true;
    } else if (error) {
        reader_no_memory(&load->reader);
    } else {
        template_names(template, check_name, &(struct name_check){load, path});
        if (templates_add(load->config->templates, language, name, template))
            reader_no_memory(&load->reader);
    }
    free(text);
}

static void add_language(struct load *load, const char *directory, const char *language)
{
    struct dirent **entries;
    char *path = arena_printf(load->reader.arena, "%s/%s", directory, language);
    struct stat status;
    if (!path) {
        reader_no_memory(&load->reader);
        return;
    }
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))
        return;
    int n = scandir(path, &entries, is_template, by_name);
    if (n < 0) {
        problem_error(load->reader.problems, path, 0, "cannot be read: %s",
                      problem_text(load->reader.problems, strerror(errno)));
        return;
    }
    for (int i = 0; i < n; i++) {
        const char *file = entries[i]->d_name;
        char *full = arena_printf(load->reader.arena, "%s/%s", path, file);
        char *name = arena_strndup(load->reader.arena, file, strlen(file) - 3);
        if (!full || !name)
            reader_no_memory(&load->reader);
        else if (i < TEMPLATES_MAX)
            add_template(load, full, language, name);
        free(entries[i]);
    }
    free(entries);
}

/* Every phase needs its words in the default language. */
static void check_phases(struct load *load)
{
    for (int phase = PHASE_ASKED; phase <= PHASE_CLOSED && !load->templates_incomplete; phase++) {
        const char *name = phase_name((enum phase)phase);
        if (templates_find(load->config->templates, load->policy.language, name))
            continue;
        problem_error(load->reader.problems, load->templates.path, 0, "the template `%s` is missing", name);
        problem_hint(load->reader.problems, "write it in %s/%s.md", load->policy.language, name);
    }
}

void templates_load(struct load *load)
{
    struct dirent **languages;
    load->config->templates = templates_create();
    if (!load->config->templates || templates_set_default(load->config->templates, load->policy.language)) {
        reader_no_memory(&load->reader);
        return;
    }
    int n = scandir(load->templates.path, &languages, is_visible, by_name);
    if (n < 0) {
        problem_error(load->reader.problems, load->templates.path, 0, "cannot be read: %s",
                      problem_text(load->reader.problems, strerror(errno)));
        load->templates_incomplete = true;
        return;
    }
    for (int i = 0; i < n; i++) {
        if (i < LANGUAGES_MAX)
            add_language(load, load->templates.path, languages[i]->d_name);
        free(languages[i]);
    }
    free(languages);
    check_phases(load);
}

#include "tree.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"

static void die(const char *what, const char *path)
{
    fprintf(stderr, "%s: ", what);
    perror(path);
    exit(2);
}

void tree_path(const struct tree *tree, const char *name, char out[static TREE_PATH_MAX])
{
    if ((size_t)snprintf(out, TREE_PATH_MAX, "%s/%s", tree->folder, name) >= TREE_PATH_MAX)
        die("too long", name);
}

static void write_whole(const struct tree *tree, const char *name, const char *text, size_t n)
{
    char path[TREE_PATH_MAX];
    tree_path(tree, name, path);
    FILE *out = fopen(path, "we");
    if (!out || fwrite(text, 1, n, out) != n || fclose(out) != 0)
        die("cannot write", path);
}

static char *read_whole(const char *path, size_t *n)
{
    struct buffer text;
    char block[4096];
    size_t got;
    FILE *in = fopen(path, "re");
    if (!in)
        die("cannot read", path);
    buffer_init(&text);
    while ((got = fread(block, 1, sizeof block, in)) > 0)
        buffer_add(&text, block, got);
    fclose(in);
    *n = text.n;
    buffer_add_char(&text, '\0');
    return buffer_take(&text);
}

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), end_n = strlen(end);
    return n > end_n && strcmp(name + n - end_n, end) == 0;
}

static void add_file(struct tree *tree, const char *from, const char *name)
{
    char path[TREE_PATH_MAX];
    if (tree->n == TREE_FILES_MAX || snprintf(path, sizeof path, "%s/%s", from, name) >= (int)sizeof path)
        die("too many files", name);
    struct tree_file *file = &tree->files[tree->n++];
    (void)snprintf(file->path, sizeof file->path, "%s", name);
    file->text = read_whole(path, &file->n);
    words_collect(&tree->words, file->text, file->n);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Files of settings and templates, folder by folder, in the order of their names. */
static void add_folder(struct tree *tree, const char *from, const char *name)
{
    char path[TREE_PATH_MAX], below[TREE_PATH_MAX];
    struct dirent **entries;
    (void)snprintf(path, sizeof path, "%s/%s", from, name);
    int n = scandir(path, &entries, NULL, by_name);
    if (n < 0)
        die("cannot read", path);
    tree_path(tree, name, path);
    (void)mkdir(path, 0700);
    for (int i = 0; i < n; i++) {
        (void)snprintf(below, sizeof below, "%s/%.200s", name, entries[i]->d_name);
        if (ends_with(entries[i]->d_name, ".cfg") || ends_with(entries[i]->d_name, ".md"))
            add_file(tree, from, below);
        else if (entries[i]->d_type == DT_DIR && entries[i]->d_name[0] != '.')
            add_folder(tree, from, below);
        free(entries[i]);
    }
    free(entries);
}

/* Everything that leads out of the folder is led back into it. */
static void settle_settings(struct tree *tree, struct tree_file *settings)
{
    static const char log_folder[] = "/var/log/cuiban";
    struct buffer out;
    buffer_init(&out);
    buffer_add_text(&out, "plugins = \"plugins\";\n");
    for (const char *line = settings->text; *line;) {
        size_t n = strcspn(line, "\n");
        n += line[n] == '\n';
        const char *log = memmem(line, n, log_folder, strlen(log_folder));
        if (strncmp(line, "redis ", 6) == 0)
            buffer_printf(&out, "redis = \"unix:%s/redis.sock\";\n", tree->folder);
        else if (strncmp(line, "web ", 4) == 0)
            buffer_add_text(&out, "web = { listen = \"127.0.0.1:0\"; };\n");
        else if (log && line[strspn(line, " ")] != '#')
            buffer_printf(&out, "%.*s%s%.*s", (int)(log - line), line, tree->folder,
                          (int)(line + n - log - (ptrdiff_t)strlen(log_folder)), log + strlen(log_folder));
        else
            buffer_add(&out, line, n);
        line += n;
    }
    settings->n = out.n;
    free(settings->text);
    settings->text = buffer_take(&out);
}

/* Under a name of one length, so that a number means the same spoilt file wherever the programs are. */
static void link_into(const struct tree *tree, const char *target, const char *name)
{
    char path[TREE_PATH_MAX];
    tree_path(tree, name, path);
    if (target && symlink(target, path) != 0)
        die("cannot link", path);
}

void tree_copy(struct tree *tree, const char *from, const char *folder, const char *plugins,
               const char *redis)
{
    static const char *const folders[] = {"rules.d",  "calendars.d", "directory.d",
                                          "events.d", "templates",   "tests.d"};
    *tree = (struct tree){.folder = folder};
    add_file(tree, from, "cuiban.cfg");
    settle_settings(tree, &tree->files[0]);
    link_into(tree, plugins, "plugins");
    link_into(tree, redis, "redis.sock");
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        add_folder(tree, from, folders[i]);
    for (size_t i = 0; i < tree->n; i++)
        write_whole(tree, tree->files[i].path, tree->files[i].text, tree->files[i].n);
}

void tree_mend(struct tree *tree)
{
    if (tree->spoilt)
        write_whole(tree, tree->spoilt->path, tree->spoilt->text, tree->spoilt->n);
    tree->spoilt = NULL;
}

const struct tree_file *tree_spoil(struct tree *tree, uint64_t seed, uint64_t number, const char **what)
{
    struct random random = {seed * UINT64_C(1000003) + number};
    const struct tree_file *file = &tree->files[0];
    size_t n;
    tree_mend(tree);
    if (random_below(&random, 4) > 0) /* the settings are one file of many, and say the most */
        file = &tree->files[random_below(&random, tree->n)];
    char *text = spoil_text(file->text, file->n, &tree->words, &random, &n, what);
    for (int more = (int)random_below(&random, 4); more == 0; more = (int)random_below(&random, 2)) {
        char *again = spoil_text(text, n, &tree->words, &random, &n, what);
        free(text);
        text = again;
    }
    write_whole(tree, file->path, text, n);
    free(text);
    tree->spoilt = file;
    return file;
}

static void remove_below(const char *path)
{
    char below[TREE_PATH_MAX];
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, by_name);
    for (int i = 0; i < n; i++) {
        bool is_self = strcmp(entries[i]->d_name, ".") == 0 || strcmp(entries[i]->d_name, "..") == 0;
        if (!is_self &&
            snprintf(below, sizeof below, "%s/%s", path, entries[i]->d_name) < (int)sizeof below &&
            unlink(below) != 0)
            remove_below(below);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    (void)rmdir(path);
}

void tree_remove(struct tree *tree)
{
    for (size_t i = 0; i < tree->n; i++)
        free(tree->files[i].text);
    words_finish(&tree->words);
    remove_below(tree->folder);
}

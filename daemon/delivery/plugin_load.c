#include "plugin_load.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/problem.h"

enum { PLUGINS_LISTED_MAX = 64, PLUGIN_NAME_MAX = 64 };

static const char symbol_name[] = "cuiban_channel";

/* "did you mean": the names of the plugins that are there. */
static int not_found(const char *name, const char *directory, const char *path,
                     const struct complaint *complaint)
{
    char names[PLUGINS_LISTED_MAX][PLUGIN_NAME_MAX];
    const char *candidates[PLUGINS_LISTED_MAX];
    size_t n = 0;
    DIR *listing = directory == NULL ? NULL : opendir(directory);
    const struct dirent *entry;

    while (listing != NULL && n < PLUGINS_LISTED_MAX && (entry = readdir(listing)) != NULL) {
        size_t length = strlen(entry->d_name);

        if (length < 4 || length >= PLUGIN_NAME_MAX || strcmp(entry->d_name + length - 3, ".so") != 0)
            continue;
        memcpy(names[n], entry->d_name, length - 3);
        names[n][length - 3] = '\0';
        candidates[n] = names[n];
        n++;
    }
    if (listing != NULL)
        closedir(listing);
    const char *nearest = name[0] == '/' ? NULL : problem_nearest(name, candidates, n);
    if (nearest != NULL)
        return complain(complaint, -ENOENT, "there is no plugin \"%s\" (%s); did you mean \"%s\"?", name,
                        path, nearest);
    return complain(complaint, -ENOENT, "there is no plugin \"%s\": %s does not exist", name, path);
}

/* A plugin runs with all that the daemon may do, so nobody but its owner may be able to change it. */
static int check_file(const char *name, const char *directory, const char *path,
                      const struct complaint *complaint)
{
    struct stat file;

    if (stat(path, &file) != 0 && errno == ENOENT)
        return not_found(name, directory, path, complaint);
    if (stat(path, &file) != 0)
        return complain(complaint, -EACCES, "plugin %s cannot be read: %s", path,
                        complaint_say(complaint, strerrordesc_np(errno)));
    if (!S_ISREG(file.st_mode))
        return complain(complaint, -EACCES, "plugin %s is not a file", path);
    if (file.st_uid != 0 && file.st_uid != geteuid())
        return complain(
            complaint, -EACCES,
            "plugin %s belongs to another user, who could put anything into this process; it must "
            "belong to root or "
            "to the user that runs the daemon",
            path);
    if ((file.st_mode & S_IWOTH) != 0 || ((file.st_mode & S_IWGRP) != 0 && file.st_uid != geteuid()))
        return complain(
            complaint, -EACCES,
            "plugin %s can be changed by others than its owner, who could put anything into this process; "
            "chmod go-w it",
            path);
    return 0;
}

static int find_path(const char *name, const char *directory, char path[PATH_MAX],
                     const struct complaint *complaint)
{
    int n;

    if (name[0] == '/')
        n = snprintf(path, PATH_MAX, "%s", name);
    else if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
        return complain(complaint, -EINVAL, "plugin \"%s\" is neither a plain name nor an absolute path",
                        name);
    else if (directory == NULL || directory[0] == '\0')
        return complain(complaint, -EINVAL, "no directory is set in which to look for the plugin \"%s\"",
                        name);
    else
        n = snprintf(path, PATH_MAX, "%s/%s.so", directory, name);
    if (n < 0 || n >= PATH_MAX)
        return complain(complaint, -ENAMETOOLONG, "the path of the plugin \"%.40s...\" is too long", name);
    return 0;
}

static int check_abi(const struct cuiban_channel *abi, const char *path, const struct complaint *complaint)
{
    /* Nothing behind these two may be read before they are known to be right. */
    if (abi->abi != CUIBAN_CHANNEL_ABI)
        return complain(
            complaint, -ENOEXEC,
            "plugin %s is made for version %u of the plugin interface, this daemon speaks version "
            "%u; build it "
            "against this daemon's <cuiban/channel.h>",
            path, (unsigned)abi->abi, (unsigned)CUIBAN_CHANNEL_ABI);
    if (abi->size < sizeof(*abi))
        return complain(
            complaint, -ENOEXEC,
            "plugin %s describes itself in %u bytes, version %u of the plugin interface needs %zu; "
            "set `size` to "
            "sizeof(struct cuiban_channel)",
            path, (unsigned)abi->size, (unsigned)CUIBAN_CHANNEL_ABI, sizeof(*abi));
    const char *missing = abi->name == NULL      ? "name"
                          : abi->open == NULL    ? "open"
                          : abi->prepare == NULL ? "prepare"
                          : abi->judge == NULL   ? "judge"
                          : abi->close == NULL   ? "close"
                          : abi->options == NULL ? "options"
                                                 : NULL;
    if (missing != NULL)
        return complain(complaint, -ENOEXEC, "plugin %s has no `%s`", path, missing);
    if ((unsigned)abi->reach > CUIBAN_REACH_GROUP || (unsigned)abi->dialect > CUIBAN_DINGTALK)
        return complain(complaint, -ENOEXEC,
                        "plugin %s names a reach or a dialect that this daemon does not know", path);
    return 0;
}

int plugin_load(const char *name, const char *directory, struct plugin_file *out,
                const struct complaint *complaint)
{
    char path[PATH_MAX];
    struct plugin_file file;
    int rc = find_path(name, directory, path, complaint);

    if (rc == 0)
        rc = check_file(name, directory, path, complaint);
    if (rc != 0)
        return rc;
    file.library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (file.library == NULL) {
        const char *words = dlerror();

        return complain(complaint, -ENOEXEC, "plugin %s cannot be loaded: %s", path,
                        words != NULL ? words : "?");
    }
    file.abi = dlsym(file.library, symbol_name);
    if (file.abi == NULL)
        rc = complain(complaint, -ENOEXEC, "%s exports no symbol `%s`, so it is not a channel plugin", path,
                      symbol_name);
    else
        rc = check_abi(file.abi, path, complaint);
    if (rc != 0) {
        plugin_unload(&file);
        return rc;
    }
    *out = file;
    return 0;
}

void plugin_unload(struct plugin_file *file)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    file->library = NULL;
#elif defined(__has_feature)
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) && !__has_feature(memory_sanitizer)
    dlclose(file->library);
#endif
#else
    dlclose(file->library);
#endif
    file->library = NULL;
    file->abi = NULL;
}

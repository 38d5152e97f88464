/* tree.h: a copy of the files that are shipped, in a folder of its own, of which one at a time is spoilt. */
#ifndef CUIBAN_SPOILT_TREE_H
#define CUIBAN_SPOILT_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spoilt.h"

enum { TREE_FILES_MAX = 500, TREE_PATH_MAX = 512 };

struct tree_file {
    char path[TREE_PATH_MAX]; /* below the folder */
    char *text;
    size_t n;
};

struct tree {
    const char *folder;
    struct tree_file files[TREE_FILES_MAX];
    size_t n;
    struct words words;
    const struct tree_file *spoilt; /* or NULL */
};

/* Copies `from` into `folder`, which is empty; the settings name the plugins and the socket (NULL: none) by
 * links in there. */
void tree_copy(struct tree *tree, const char *from, const char *folder, const char *plugins,
               const char *redis);
/* Puts the file back that was spoilt last, and spoils one; the number and the seed say which and how. */
const struct tree_file *tree_spoil(struct tree *tree, uint64_t seed, uint64_t number, const char **what);
void tree_mend(struct tree *tree);
void tree_path(const struct tree *tree, const char *name, char out[static TREE_PATH_MAX]);
void tree_remove(struct tree *tree); /* the folder, too */

#endif

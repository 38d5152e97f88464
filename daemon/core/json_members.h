/* json_members.h: reads the members of a JSON object into variables, for the texts of durable state.
 *
 * Works on a scanner (json.h) that has just returned JSON_KEY. */
#ifndef CUIBAN_CORE_JSON_MEMBERS_H
#define CUIBAN_CORE_JSON_MEMBERS_H

#include "arena.h"
#include "event.h"
#include "json.h"

/* Where the value of one member goes: one of text, number and flag is set. */
struct json_member {
    const char *key;
    char **text;
    int64_t *number;
    bool *flag;
    bool *there; /* set to true when the member is read; may be NULL */
};

/* 1: the member was one of these and has been read; 0: none of them has the key, nothing was read; -1: its
 * value has another type, or memory is out. Texts are copied into the arena, or if that is NULL onto the
 * heap, and what was there is freed. */
int json_read_member(struct json_scanner *scanner, struct arena *arena, const struct json_member *members,
                     size_t n);

/* A whole text that is one object: calls `member` after each JSON_KEY; it reads the value. False: the text is
 * no such object, or a member returned false. */
typedef bool json_member_reader(void *data, struct json_scanner *scanner);
bool json_read_object(const char *json, size_t n, json_member_reader *member, void *data);

/* One value of a kind that is known. */
bool json_read_text(struct json_scanner *scanner, struct arena *arena, char **out);
bool json_read_int(struct json_scanner *scanner, int64_t *out);
bool json_read_bool(struct json_scanner *scanner, bool *out);
/* An object of texts and numbers, as text; at most `max` members. */
bool json_read_fields(struct json_scanner *scanner, struct arena *arena, size_t max, struct fields *out);

/* All members of the object whose opening brace was just read, as texts: lists are joined by ", ", objects
 * read as "". What comes after JSON_TEXTS_MAX members is passed over. */
enum { JSON_TEXTS_MAX = 64 };
bool json_read_texts(struct json_scanner *scanner, struct arena *arena, struct fields *out);

#endif

/* story.h: a timeline as lines for people: what came in, what was decided, who was told. */
#ifndef CUIBAN_CLI_STORY_H
#define CUIBAN_CLI_STORY_H

#include "cli/cli.h"
#include "rehearsal/timeline.h"

/* Whether a line says something that a person who reads rules wants to know. */
bool story_tells(const struct timeline_line *line);
/* One line in words: "interview.completed  interview=iv-1", "interview_feedback|iv-1 zhang.wei: opened, due
 * ...". Appends. */
void story_line(const struct cli *cli, const struct zone *zone, const struct timeline_line *line,
                struct buffer *out);
/* All events, and what became of the named rules (none: of all), each behind its time. */
void story_print(const struct cli *cli, const struct zone *zone, const struct timeline *timeline,
                 const struct texts *rules);

/* The same as an array of objects. */
void story_json(struct json_writer *json, const struct zone *zone, const struct timeline *timeline);

#endif

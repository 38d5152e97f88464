/* lateness.h: how late something is: counted in the working time of its deadline's own calendar, and said in
 * the same words everywhere. Days off, nights and lunch make nobody later. */
#ifndef CUIBAN_CORE_LATENESS_H
#define CUIBAN_CORE_LATENESS_H

#include "buffer.h"
#include "calendar.h"

struct lateness {
    int64_t working_min; /* whole minutes, at least 1 if any working time has passed; 0: none has */
    int64_t elapsed_ms;  /* by the wall clock, for programs; > 0: it is late */
};

/* `calendar` is the one in which the due was counted. */
struct lateness lateness_of(const struct calendar *calendar, instant due, instant at);

/* "1个工作日", "工作时间3小时20分钟" / "1 working day", "3 h 20 min of working time": whole days of the
 * calendar's usual length from the first on. The working time is named where more has passed by the wall
 * clock. Nothing if no working minute has passed: what to say then depends on whether it is done. */
void lateness_add(struct buffer *out, bool chinese, const struct calendar *calendar,
                  struct lateness lateness);
/* With its words: "迟 1个工作日" / "late by 1 working day", "下班后完成", and of what is not done yet
 * "迟，之后尚无工作时间" / "late, no working time since". */
void lateness_say(struct buffer *out, bool chinese, const struct calendar *calendar, struct lateness lateness,
                  bool is_done);

#endif

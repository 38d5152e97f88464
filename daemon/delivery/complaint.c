#include "delivery/complaint.h"

#include <stdarg.h>
#include <stdio.h>

const char *complaint_say(const struct complaint *complaint, const char *english)
{
    const struct problems reader = {.language = complaint->language};

    return problem_text(&reader, english);
}

int complain(const struct complaint *complaint, int error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(complaint->text, complaint->room, complaint_say(complaint, format), arguments);
    va_end(arguments);
    return error;
}

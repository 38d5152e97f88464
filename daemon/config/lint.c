#include "config/lint.h"

void config_lint(const struct config *config, instant now, struct problems *problems)
{
    lint_ladders(config, now, problems);
    lint_recipients(config, now, problems);
    lint_reach(config, now, problems);
    lint_conditions(config, problems);
    lint_years(config, now, problems);
    lint_messages(config, problems);
}

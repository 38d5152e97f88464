/* email_settings.h: the options of a mail channel, checked. */
#ifndef CUIBAN_PLUGINS_EMAIL_SETTINGS_H
#define CUIBAN_PLUGINS_EMAIL_SETTINGS_H

#include <stdbool.h>

#include <cuiban/channel.h>

struct email_settings {
    char *server;    /* smtp(s)://host:port, without a path */
    char *from;      /* address alone */
    char *from_name; /* or NULL */
    char *reply_to;  /* address, or NULL */
    char *domain;    /* of Message-ID and EHLO */
    char *user, *password;
    char *ca_file;
    bool require_tls;
};

/* NULL and the settings, or a sentence. Finish them in both cases. */
const char *email_settings_read(const struct cuiban_option *options, size_t n, struct email_settings *out);
void email_settings_finish(struct email_settings *settings);

#endif

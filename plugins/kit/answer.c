#include "answer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"

enum { THEIR_WORDS_BYTES_MAX = 4096, SECRET_BYTES_MIN = 4 };

const char *option_find(const struct cuiban_option *options, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(options[i].name, name) == 0)
            return text_is_blank(options[i].value) ? NULL : options[i].value;
    }
    return NULL;
}

char *option_copy(const char *value)
{
    static const char blank[] = " \t\r\n";
    if (text_is_blank(value))
        return NULL;
    value += strspn(value, blank);
    size_t n = strlen(value);
    while (n > 0 && strchr(blank, value[n - 1]))
        n--;
    return strndup(value, n);
}

void option_wipe(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

void *open_refuse(char *error, size_t room, const char *why)
{
    if (room > 0)
        snprintf(error, room, "%s", why);
    return NULL;
}

bool url_is_base(const char *url)
{
    size_t scheme = strncasecmp(url, "https://", 8) == 0 ? 8 : strncasecmp(url, "http://", 7) == 0 ? 7 : 0;
    if (scheme == 0 || strchr("/:", url[scheme]))
        return false;
    for (const char *p = url; *p; p++) {
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7F || strchr("?#@\"<>\\", *p))
            return false;
    }
    return true;
}

void verdict_set(struct cuiban_verdict *verdict, enum cuiban_verdict_kind kind, int64_t delay_ms,
                 int32_t code)
{
    verdict->kind = kind;
    verdict->delay_ms = delay_ms;
    verdict->code = code;
    verdict->shrink_bytes = 0;
    verdict->reason[0] = '\0';
    verdict->remote_id[0] = '\0';
}

static size_t secret_at(const struct verdict_secrets *secrets, const char *p)
{
    for (size_t i = 0; secrets && i < VERDICT_SECRETS_MAX; i++) {
        size_t n = secrets->of[i] ? strlen(secrets->of[i]) : 0;
        if (n >= SECRET_BYTES_MIN && strncmp(p, secrets->of[i], n) == 0)
            return n;
    }
    return 0;
}

static bool is_web_address(const char *p)
{
    return strncasecmp(p, "http://", 7) == 0 || strncasecmp(p, "https://", 8) == 0;
}

static void add_without_secrets(struct text *text, const struct verdict_secrets *secrets, const char *words)
{
    while (*words) {
        size_t hidden = secret_at(secrets, words);
        if (hidden > 0) {
            text_add(text, "***");
            words += hidden;
        } else if (is_web_address(words)) {
            text_add(text, "(address)");
            words += strcspn(words, " \t,;\"'<>)");
        } else {
            text_add_n(text, words, 1);
            words++;
        }
    }
}

void verdict_say(struct cuiban_verdict *verdict, const struct verdict_secrets *secrets, const char *what,
                 const char *their_words)
{
    struct text clean = {0}, all = {0};
    text_add(&all, what);
    if (their_words && !text_is_blank(their_words)) {
        char *some = strndup(their_words, THEIR_WORDS_BYTES_MAX);
        if (some)
            text_add_clean(&clean, some, TEXT_ONE_LINE);
        free(some);
        if (clean.n > 0)
            text_add(&all, ": ");
        add_without_secrets(&all, secrets, text_get(&clean));
    }
    size_t n = text_cut(text_get(&all), all.n, sizeof verdict->reason - 1);
    memcpy(verdict->reason, text_get(&all), n);
    verdict->reason[n] = '\0';
    text_finish(&clean);
    text_finish(&all);
}

int verdict_refuse(struct cuiban_verdict *verdict, const char *why)
{
    verdict_set(verdict, CUIBAN_REFUSED, 0, 0);
    verdict_say(verdict, NULL, why, NULL);
    return -1;
}

int verdict_no_memory(struct cuiban_verdict *verdict)
{
    verdict_set(verdict, CUIBAN_RETRY, 0, 0);
    verdict_say(verdict, NULL, "out of memory", NULL);
    return -1;
}

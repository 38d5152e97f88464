/* email.c: mail through an SMTP relay, one transaction for each recipient, so that one bad mailbox stops
 * nobody else.
 *
 * The Message-ID depends on message, recipient and domain alone: a second copy after an uncertain attempt is
 * recognised by mail programs that look for it. All mails of a deadline hang under one root that is never
 * sent. */
#include <stdlib.h>
#include <string.h>

#include "../kit/answer.h"
#include "../kit/text.h"
#include "email_body.h"
#include "email_judge.h"
#include "email_settings.h"
#include "mime.h"

enum { MAX_BYTES = 48 * 1024, SUBJECT_BYTES_MAX = 400 };

struct email {
    const struct cuiban_host *host;
    struct email_settings settings;
};

static void email_close(void *state)
{
    struct email *mail = state;
    if (!mail)
        return;
    email_settings_finish(&mail->settings);
    free(mail);
}

static void *email_open(const struct cuiban_host *host, void *channel, const struct cuiban_option *options,
                        size_t n, char *error, size_t error_room)
{
    (void)channel;
    struct email *mail = calloc(1, sizeof *mail);
    if (!mail)
        return open_refuse(error, error_room, "out of memory");
    mail->host = host;
    const char *why = email_settings_read(options, n, &mail->settings);
    if (!why)
        return mail;
    email_close(mail);
    return open_refuse(error, error_room, why);
}

static void add_subject(struct text *out, const struct cuiban_message *message)
{
    struct text subject = {0};
    text_add_clean(&subject, text_is_blank(message->title_plain) ? message->title : message->title_plain,
                   TEXT_ONE_LINE);
    if (subject.n > SUBJECT_BYTES_MAX) {
        subject.n = text_cut(subject.bytes, subject.n, SUBJECT_BYTES_MAX);
        subject.bytes[subject.n] = '\0';
    }
    text_add(out, "Subject: ");
    mime_add_words(out, subject.n > 0 ? subject.bytes : message->id);
    text_add(out, "\r\n");
    out->failed |= subject.failed;
    text_finish(&subject);
}

static void add_ids(struct text *out, const struct email *mail, const struct cuiban_message *message)
{
    const char *domain = mail->settings.domain;
    const char *const parts[] = {message->id, message->recipients[0].address, domain};
    text_add(out, "Message-ID: <");
    mime_add_hash(out, mail->host, parts, sizeof parts / sizeof *parts);
    text_add_format(out, "@%s>\r\n", domain);
    if (text_is_blank(message->thread))
        return;
    const char *const thread[] = {"thread", message->thread, domain};
    struct text root = {0};
    mime_add_hash(&root, mail->host, thread, sizeof thread / sizeof *thread);
    text_add_format(out, "In-Reply-To: <%s@%s>\r\n", text_get(&root), domain);
    text_add_format(out, "References: <%s@%s>\r\n", text_get(&root), domain);
    out->failed |= root.failed;
    text_finish(&root);
}

static void add_headers(struct text *out, const struct email *mail, const struct cuiban_message *message)
{
    const struct cuiban_recipient *to = &message->recipients[0];
    text_add(out, "Date: ");
    mime_add_date(out, message->now_ms, message->zone_offset_s);
    text_add(out, "\r\nFrom: ");
    mime_add_mailbox(out, mail->settings.from_name, mail->settings.from);
    text_add(out, "\r\nTo: ");
    mime_add_mailbox(out, to->name, to->address);
    text_add(out, "\r\n");
    if (mail->settings.reply_to)
        text_add_format(out, "Reply-To: %s\r\n", mail->settings.reply_to);
    add_subject(out, message);
    add_ids(out, mail, message);
    /* RFC 3834, and the header that Exchange looks for: no holiday notes in answer to a reminder. */
    text_add(out, "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\nMIME-Version: 1.0\r\n");
}

static void add_part(struct text *out, const struct email *mail, const char *type, const struct text *content)
{
    text_add_format(out, "Content-Type: %s; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
                    type);
    mime_add_base64(out, mail->host, text_get(content), content->n);
    out->failed |= content->failed;
}

static void add_bodies(struct text *out, const struct email *mail, const struct cuiban_message *message)
{
    struct text plain = {0}, html = {0}, boundary = {0};
    const char *const parts[] = {"boundary", message->id, message->recipients[0].address};
    text_add(&boundary, "=_");
    mime_add_hash(&boundary, mail->host, parts, sizeof parts / sizeof *parts);
    email_body_plain(message, &plain);
    email_body_html(message, &html);
    text_add_format(out, "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n",
                    text_get(&boundary));
    text_add_format(out, "--%s\r\n", text_get(&boundary));
    add_part(out, mail, "text/plain", &plain);
    text_add_format(out, "--%s\r\n", text_get(&boundary));
    add_part(out, mail, "text/html", &html);
    text_add_format(out, "--%s--\r\n", text_get(&boundary));
    out->failed |= boundary.failed;
    text_finish(&plain);
    text_finish(&html);
    text_finish(&boundary);
}

static const char *message_problem(const struct cuiban_message *message)
{
    if (message->n_recipients != 1)
        return message->n_recipients == 0 ? "the mail has no recipient"
                                          : "a mail goes to one recipient at a time";
    if (text_is_blank(message->recipients[0].address))
        return "the recipient has no mail address";
    if (!mime_address_is_fine(message->recipients[0].address))
        return "the recipient's mail address is not valid";
    if (text_is_blank(message->title) && text_is_blank(message->title_plain) && text_is_blank(message->body))
        return "the message has neither title nor body";
    return NULL;
}

static char *keep(const struct email *mail, void *memory, const char *words)
{
    struct text text = {0};
    text_add(&text, words);
    char *copy = text_keep(&text, mail->host, memory);
    if (text.bytes)
        explicit_bzero(text.bytes, text.n);
    text_finish(&text);
    return copy;
}

static int fill_request(const struct email *mail, const struct cuiban_message *message, void *memory,
                        struct cuiban_request *out)
{
    const struct email_settings *settings = &mail->settings;
    struct text url = {0}, body = {0};
    text_add_format(&url, "%s/%s", settings->server, settings->domain);
    add_headers(&body, mail, message);
    add_bodies(&body, mail, message);
    out->kind = CUIBAN_REQUEST_SMTP;
    out->url = text_keep(&url, mail->host, memory);
    out->body = text_keep(&body, mail->host, memory);
    out->body_n = body.n;
    out->from = keep(mail, memory, settings->from);
    out->to = keep(mail, memory, message->recipients[0].address);
    out->user = settings->user ? keep(mail, memory, settings->user) : NULL;
    out->password = settings->password ? keep(mail, memory, settings->password) : NULL;
    out->ca_file = settings->ca_file ? keep(mail, memory, settings->ca_file) : NULL;
    out->require_tls = settings->require_tls;
    text_finish(&url);
    text_finish(&body);
    bool lost = (settings->user && !out->user) || (settings->password && !out->password) ||
                (settings->ca_file && !out->ca_file);
    return out->url && out->body && out->from && out->to && !lost ? 0 : -1;
}

static int email_prepare(void *state, const struct cuiban_message *message, void *memory,
                         struct cuiban_request *out, struct cuiban_verdict *verdict)
{
    const char *why = message_problem(message);
    if (why)
        return verdict_refuse(verdict, why);
    return fill_request(state, message, memory, out) == 0 ? 0 : verdict_no_memory(verdict);
}

static void email_judge_response(void *state, const struct cuiban_response *response,
                                 struct cuiban_verdict *out)
{
    const struct email *mail = state;
    const struct verdict_secrets secrets = {{mail->settings.password, mail->settings.user}};
    email_judge(response, &secrets, out);
}

static const char *const email_options[] = {"!server", "!from",    "user",   "password", "tls",
                                            "ca_file", "reply_to", "domain", NULL};

CUIBAN_EXPORT const struct cuiban_channel cuiban_channel = {
    .abi = CUIBAN_CHANNEL_ABI,
    .size = sizeof(struct cuiban_channel),
    .name = "email",
    .summary = "mail through an SMTP relay",
    .reach = CUIBAN_REACH_PERSON,
    .dialect = CUIBAN_COMMONMARK,
    .address = "email",
    .mentions = 0,
    .default_rate = "60/min",
    .max_bytes = MAX_BYTES,
    .options = email_options,
    .open = email_open,
    .prepare = email_prepare,
    .judge = email_judge_response,
    .close = email_close,
};

/* address.h: where Redis is, as the settings say it, taken apart. Pure.
 *
 *   unix:/run/redis/redis-server.sock            unix://user:password@/path?db=1 where a password is needed
 *   redis://[user[:password]@]host[:port][/db]   host may be a name, IPv4 or [IPv6]; port 6379
 *
 * User and password may hold %XX. Other schemes (rediss, sentinel, cluster) are named in the refusal: a new
 * one is a new `kind` here and one branch where a connection begins. */
#ifndef CUIBAN_CORE_ADDRESS_H
#define CUIBAN_CORE_ADDRESS_H

enum address_kind { ADDRESS_UNIX, ADDRESS_TCP };
enum { ADDRESS_TEXT_MAX = 1024, ADDRESS_DB_MAX = 9999 };

struct address {
    enum address_kind kind;
    char *place; /* socket path, or host without brackets */
    int port;    /* 0 for a socket */
    int db;
    char *user;     /* NULL: the default user */
    char *password; /* NULL: none */
    char *shown;    /* for logs: without user and password */
};

/* 0, -EINVAL (*why: what and hint, static; never quotes the text, which may hold a password) or -ENOMEM. */
int address_parse(const char *text, struct address *out, const char **why);
int address_copy(const struct address *from, struct address *out);
void address_finish(struct address *address); /* a zeroed one is fine */

#endif

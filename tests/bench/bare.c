/* bare.c: the bare limits that the daemon is measured against, in the same run.
 *   bare read SOCKET STREAM COUNT   XREAD COUNT from the beginning to the end, one SET of the cursor per
 * batch: events/s bare post URL N CONCURRENCY     libcurl's multi, one easy handle per slot, the same body
 * each time: requests/s */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>
#include <hiredis/hiredis.h>

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int bare_read(const char *path, const char *stream, const char *batch)
{
    redisContext *redis = redisConnectUnix(path);
    char cursor[64] = "0-0";
    size_t events = 0;
    double began = seconds();

    for (;;) {
        redisReply *reply = redisCommand(redis, "XREAD COUNT %s STREAMS %s %s", batch, stream, cursor);
        if (!reply || reply->type != REDIS_REPLY_ARRAY) {
            freeReplyObject(reply);
            break;
        }
        redisReply *entries = reply->element[0]->element[1];
        events += entries->elements;
        (void)snprintf(cursor, sizeof cursor, "%s", entries->element[entries->elements - 1]->element[0]->str);
        freeReplyObject(reply);
        freeReplyObject(redisCommand(redis, "SET bench:cursor %s", cursor));
    }
    (void)printf("%.0f\n", (double)events / (seconds() - began));
    redisFree(redis);
    return 0;
}

static size_t ignore(char *bytes, size_t size, size_t n, void *data)
{
    (void)bytes;
    (void)data;
    return size * n;
}

static CURL *make(const char *url)
{
    CURL *easy = curl_easy_init();

    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(
        easy, CURLOPT_POSTFIELDS,
        "{\"msgtype\":\"markdown\",\"markdown\":{\"content\":\"overdue quick [Q7KM-1] case ann\"}}");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    return easy;
}

static int bare_post(const char *url, long n, long concurrency)
{
    CURLM *multi = curl_multi_init();
    long started = 0;
    long ended = 0;
    double began = seconds();

    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, concurrency);
    for (; started < concurrency; started++) {
        curl_multi_add_handle(multi, make(url));
    }
    while (ended < n) {
        int running, left;
        CURLMsg *message;

        curl_multi_perform(multi, &running);
        while ((message = curl_multi_info_read(multi, &left)) != NULL) {
            CURL *easy = message->easy_handle;
            curl_multi_remove_handle(multi, easy);
            ended++;
            if (started < n) {
                started++;
                curl_multi_add_handle(multi, easy);
            } else {
                curl_easy_cleanup(easy);
            }
        }
        if (ended < n) {
            curl_multi_poll(multi, NULL, 0, 100, NULL);
        }
    }
    (void)printf("%.0f\n", (double)n / (seconds() - began));
    curl_multi_cleanup(multi);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "read") == 0) {
        return bare_read(argv[2], argv[3], argv[4]);
    }
    if (argc == 5 && strcmp(argv[1], "post") == 0) {
        return bare_post(argv[2], strtol(argv[3], NULL, 10), strtol(argv[4], NULL, 10));
    }
    (void)fprintf(stderr, "usage: bare read SOCKET STREAM COUNT | bare post URL N CONCURRENCY\n");
    return 2;
}

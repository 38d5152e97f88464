#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/evidence.h"

enum { KINDS = VERDICT_UNCERTAIN + 1 };

/* What is made of a plugin's word, in the order of enum verdict_kind: D delivered, R retry, B backoff, A
 * reauthenticate, F refused, M misconfigured, U uncertain. */
static const enum verdict_kind order[KINDS] = {VERDICT_DELIVERED, VERDICT_RETRY,   VERDICT_BACKOFF,
                                               VERDICT_REAUTH,    VERDICT_REFUSED, VERDICT_MISCONFIGURED,
                                               VERDICT_UNCERTAIN};
static const char letters[] = "DRBAFMU";

static const struct {
    enum cuiban_request_kind kind;
    int transport;
    bool sent;
    long status;
    const char *becomes;
} cases[] = {
    /* Answered in full: the plugin knows its vendor. What was not sent cannot have arrived. */
    {CUIBAN_REQUEST_HTTP, 0, true, 200, "DRBAFMU"},
    {CUIBAN_REQUEST_HTTP, 0, true, 500, "DRBAFMU"},
    {CUIBAN_REQUEST_HTTP, 0, false, 413, "DRBAFMR"},
    {CUIBAN_REQUEST_SMTP, 0, true, 250, "DRBAFMU"},
    {CUIBAN_REQUEST_FILE, 0, true, 0, "DRBAFMU"},
    /* Not sent. */
    {CUIBAN_REQUEST_HTTP, 7, false, 0, "RRBAFMR"},
    {CUIBAN_REQUEST_HTTP, 28, false, 200, "RRBAFMR"},
    {CUIBAN_REQUEST_SMTP, 28, false, 354, "RRBAFMR"},
    {CUIBAN_REQUEST_SMTP, 55, false, 550, "RRBAFMR"},
    {CUIBAN_REQUEST_FILE, 23, false, 0, "RRBAFMR"},
    /* Sent, and no word of an answer: nobody can know, whatever the plugin says. */
    {CUIBAN_REQUEST_HTTP, 28, true, 0, "UUUUUUU"},
    {CUIBAN_REQUEST_HTTP, 52, true, 0, "UUUUUUU"},
    {CUIBAN_REQUEST_SMTP, 28, true, 0, "UUUUUUU"},
    {CUIBAN_REQUEST_FILE, 23, true, 0, "UUUUUUU"},
    /* Sent, and a part of an answer: a word that ends the matter counts, "again" does only behind a denial.
     */
    {CUIBAN_REQUEST_HTTP, 18, true, 200, "DUUUFMU"},
    {CUIBAN_REQUEST_HTTP, 56, true, 404, "DRBAFMU"},
    {CUIBAN_REQUEST_HTTP, 56, true, 500, "DUUUFMU"},
    {CUIBAN_REQUEST_HTTP, 56, true, 501, "DRBAFMU"},
    {CUIBAN_REQUEST_HTTP, 56, true, 502, "DUUUFMU"},
    {CUIBAN_REQUEST_HTTP, 56, true, 503, "DRBAFMU"},
    {CUIBAN_REQUEST_SMTP, 56, true, 354, "DUUUFMU"},
    {CUIBAN_REQUEST_SMTP, 28, true, 354, "DUUUFMU"},
    {CUIBAN_REQUEST_SMTP, 8, true, 451, "DRBAFMU"},
    {CUIBAN_REQUEST_SMTP, 8, true, 554, "DRBAFMU"},
    {CUIBAN_REQUEST_SMTP, 56, true, 250, "DRBAFMU"},
};

static void test_every_word(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char got[KINDS + 1] = "";

        for (size_t k = 0; k < KINDS; k++) {
            struct cuiban_response response = {.size = sizeof(response),
                                               .transport = cases[i].transport,
                                               .sent = cases[i].sent,
                                               .status = cases[i].status,
                                               .body = "",
                                               .error = "libcurl says so"};
            struct verdict verdict = {.kind = order[k]};

            evidence_correct(cases[i].kind, &response, &verdict);
            for (size_t j = 0; j < KINDS; j++)
                if (order[j] == verdict.kind)
                    got[k] = letters[j];
        }
        if (strcmp(got, cases[i].becomes) != 0)
            fail_msg("request %d, transport %d, sent %d, status %ld: %s instead of %s", (int)cases[i].kind,
                     cases[i].transport, cases[i].sent, cases[i].status, got, cases[i].becomes);
    }
}

static void test_reasons(void **state)
{
    const struct cuiban_response response = {
        .size = sizeof(response), .transport = 28, .sent = 1, .body = "", .error = "timed out"};
    struct verdict silent = {.kind = VERDICT_RETRY}, spoken = {.kind = VERDICT_RETRY, .reason = "its own"};

    (void)state;
    evidence_correct(CUIBAN_REQUEST_HTTP, &response, &silent);
    evidence_correct(CUIBAN_REQUEST_HTTP, &response, &spoken);
    assert_string_equal(silent.reason, "timed out");
    assert_string_equal(spoken.reason, "its own");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_word),
        cmocka_unit_test(test_reasons),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

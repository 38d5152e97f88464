/* input.h: what libFuzzer calls, and the bytes as text. Built with -DCUIBAN_FUZZ=ON and clang; each program
 * takes its seeds: fuzz_NAME [-max_total_time=60] CORPUS_DIR... */
#ifndef CUIBAN_TESTS_FUZZ_INPUT_H
#define CUIBAN_TESTS_FUZZ_INPUT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A copy that ends with a NUL. The caller frees it. */
static inline char *input_text(const uint8_t *data, size_t n)
{
    char *text = malloc(n + 1);

    if (!text) {
        abort();
    }
    if (n > 0) {
        memcpy(text, data, n);
    }
    text[n] = '\0';
    return text;
}

#endif

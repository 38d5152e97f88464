/* The scanner. */
#include "core/json.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct json_scanner scanner;
    enum json_token token;

    json_scan_init(&scanner, (const char *)data, n);
    do {
        token = json_next(&scanner);
        if (token == JSON_KEY && n % 3 == 0 && !json_skip(&scanner)) {
            break;
        }
        if (token == JSON_NUMBER) {
            (void)json_value_int(&scanner);
        }
    } while (token != JSON_END && token != JSON_ERROR);
    json_scan_finish(&scanner);
    return 0;
}

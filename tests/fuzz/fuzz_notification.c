/* The JSON of base:outbox. */
#include "core/notification.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct notification *note;
    const char *why = "";

    if (notification_decode("ABCD-1", (const char *)data, n, &note, &why) == 0) {
        struct buffer text;
        struct notification *again;
        buffer_init(&text);
        notification_encode(note, &text);
        if (notification_decode("ABCD-1", buffer_text(&text), text.n, &again, &why)) {
            abort();
        }
        notification_destroy(again);
        notification_destroy(note);
        buffer_finish(&text);
    }
    return 0;
}

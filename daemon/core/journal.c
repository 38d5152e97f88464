#include "journal.h"

void journal_begin(struct journal_record *record, struct changes *changes, const char *what)
{
    record->changes = changes;
    if (!changes->is_dry && changes->journal.n > 0) {
        buffer_add_char(&changes->journal, ',');
    }
    json_begin(&record->json, changes->is_dry ? NULL : &changes->journal);
    json_object(&record->json);
    json_key_text(&record->json, "e", what);
}

void journal_begin_deadline(struct journal_record *record, struct changes *changes, const char *what,
                            const struct deadline *deadline)
{
    journal_begin(record, changes, what);
    json_key_text(&record->json, "d", deadline->id);
    json_key_text(&record->json, "r", deadline->rule->name);
    if (changes->is_of_future) {
        json_key_bool(&record->json, "future", true);
    }
}

void journal_begin_notification(struct journal_record *record, struct changes *changes, const char *what,
                                const struct notification *notification)
{
    journal_begin(record, changes, what);
    json_key_text(&record->json, "d", notification->deadline_id);
    json_key_text(&record->json, "r", notification->rule);
    json_key_text(&record->json, "n", notification->id);
}

void journal_end(struct journal_record *record)
{
    json_object_end(&record->json);
    if (!buffer_ok(&record->changes->journal)) {
        record->changes->failed = true;
    }
}

#include "journal.h"

void journal_begin(struct journal_record *record, struct changes *changes, const char *what)
{
    record->changes = changes;
    buffer_init(&record->text);
    json_begin(&record->json, &record->text);
    json_object(&record->json);
    json_key_text(&record->json, "e", what);
}

void journal_begin_deadline(struct journal_record *record, struct changes *changes, const char *what,
                            const struct deadline *deadline)
{
    journal_begin(record, changes, what);
    json_key_text(&record->json, "d", deadline->id);
    json_key_text(&record->json, "r", deadline->rule->name);
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
    if (buffer_ok(&record->text)) {
        changes_journal(record->changes, buffer_text(&record->text));
    } else {
        record->changes->failed = true;
    }
    buffer_finish(&record->text);
}

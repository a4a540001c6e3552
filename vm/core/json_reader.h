/* How JSON text is gone through: between the reader of json values and the one of typed values. Used by json_read.c and
 * json_typed.c only.
 *
 * Functions that read give false when a failure is set, which says where; those that try say so. Values that are read
 * are pushed on vm->temps. */
#ifndef PLAN_CORE_JSON_READER_H
#define PLAN_CORE_JSON_READER_H

#include "vm/core/marshal.h"

/* Values take some three times as much room as their text. */
enum { READER_NAMES = 32, READER_EXPECTS = 3 };

typedef struct Reader {
    Vm *vm;
    Str text;
    size_t source; /* place of the temp whose text it is, + 1; 0: it does not lie in the block */
    size_t at;
    unsigned depth;
    bool from_world;
    size_t names; /* place of the temps that remember names of members */
} Reader;

/* Pushes temps, which the caller drops: from reader.names on. */
Reader reader_begin(Vm *vm, Str text, bool from_world);
bool reader_ends(Reader *reader);

static inline char reader_peek(const Reader *reader)
{
    return reader->at < reader->text.len ? reader->text.data[reader->at] : '\0';
}

static inline void reader_skip_blanks(Reader *reader)
{
    for (; reader->at < reader->text.len; reader->at++) {
        char c = reader->text.data[reader->at];
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return;
    }
}

/* Tries; a literal's length is known where this is compiled in. */
static inline bool reader_word(Reader *reader, const char *word)
{
    size_t len = strlen(word);
    if (reader->text.len - reader->at < len || memcmp(reader->text.data + reader->at, word, len) != 0)
        return false;
    reader->at += len;
    return true;
}

bool reader_short_int(Reader *reader, int64_t *value);      /* tries */
bool reader_name(Reader *reader, Str *name);                /* a string; valid until the next is read */
bool reader_string(Reader *reader);
bool reader_value(Reader *reader);

#endif

/* The questions that are open: known from marks, answered by keys. */
#ifndef PLAN_LIVE_QUESTIONS_H
#define PLAN_LIVE_QUESTIONS_H

#include "vm/base/json.h"

typedef struct Question {
    int64_t id;
    Json *args; /* of its mark question.asked */
} Question;

typedef struct Questions {
    VEC(Question) open; /* the oldest first */
} Questions;

void questions_mark(Questions *questions, Str kind, const Json *args);
void questions_free(Questions *questions);
/* The oldest open question of one of these kinds ("approval ask"), or NULL. */
const Question *questions_find(const Questions *questions, const char *kinds);
/* Appends what the index-th open question asks, of whom, how long yet, what silence means, and the keys that
 * answer it (they answer the oldest of a kind): one line, or two where one does not fit. */
void questions_write(const Questions *questions, size_t index, int64_t now, size_t columns, bool colour,
                     Buffer *out);

#endif

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
/* Appends one line: what the oldest asks, of whom, until when, and the keys that answer it. False: none is
 * open. */
bool questions_write(const Questions *questions, Buffer *out);

#endif

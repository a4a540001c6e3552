/* Marks question.asked and question.answered in, the list of open questions out. Called by people.c and
 * keys.c. */
#include "vm/live/questions.h"

#include <stdlib.h>
#include <string.h>

#include "vm/base/time.h"
#include "vm/live/secrets.h"

void questions_mark(Questions *questions, Str kind, const Json *args)
{
    int64_t id = json_int(args, "id", 0);
    if (str_equal_c(kind, "question.asked")) {
        Question question = {id, json_copy(args)};
        vec_push(&questions->open, question);
        return;
    }
    if (!str_equal_c(kind, "question.answered")) return;
    for (size_t i = 0; i < questions->open.count; i++) {
        Question *items = questions->open.items;
        if (items[i].id != id) continue;
        json_free(items[i].args);
        memmove(items + i, items + i + 1, (--questions->open.count - i) * sizeof *items);
        return;
    }
}

void questions_free(Questions *questions)
{
    for (size_t i = 0; i < questions->open.count; i++)
        json_free(questions->open.items[i].args);
    vec_free(&questions->open);
}

const Question *questions_find(const Questions *questions, const char *kinds)
{
    for (size_t i = 0; i < questions->open.count; i++) {
        const Question *question = &questions->open.items[i];
        if (str_find(str_from_c(kinds), json_string(question->args, "kind", "?")) >= 0) return question;
    }
    return NULL;
}

static const char *answer_keys(Str kind, size_t options)
{
    if (str_equal_c(kind, "approval")) return "y approve, n refuse";
    if (str_equal_c(kind, "manual") || str_equal_c(kind, "call")) return "d done";
    if (str_equal_c(kind, "unknown")) return "y done, n not done, g again";
    if (str_equal_c(kind, "failed")) return "r retry, k skip, c cancel";
    return options ? "1-9 choose, v write" : "y yes, n no, v write";
}

bool questions_write(const Questions *questions, Buffer *out)
{
    if (!questions->open.count) return false;
    const Json *args = questions->open.items[0].args, *by = json_get(args, "by"),
               *options = json_get(args, "options");
    secrets_show(out, json_string(args, "text", ""));
    size_t number = 0;
    for (const Json *item = json_first(options); item; item = json_next(item))
        buffer_printf(out, " [%zu] %.*s", ++number, STR_ARG(json_text(item)));
    for (const Json *item = json_first(by); item; item = json_next(item))
        buffer_printf(out, "%s%.*s", item == json_first(by) ? " -- " : " or ", STR_ARG(json_text(item)));
    int64_t deadline = json_int(args, "deadline", 0);
    if (deadline) {
        buffer_add_c(out, " until ");
        time_write_clock(out, deadline);
    }
    buffer_printf(out, "  (%s)", answer_keys(json_string(args, "kind", ""), number));
    if (questions->open.count > 1) buffer_printf(out, "  +%zu more", questions->open.count - 1);
    return true;
}

/* Marks question.asked and question.answered in, the list of open questions out. Called by people.c and
 * keys.c. */
#include "vm/live/questions.h"

#include <stdlib.h>
#include <string.h>

#include "vm/base/time.h"
#include "vm/base/utf8.h"
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
    if (str_equal_c(kind, "approval")) return "y approve, N refuse";
    if (str_equal_c(kind, "manual") || str_equal_c(kind, "call")) return "d done";
    if (str_equal_c(kind, "unknown")) return "y done, N not done, g again";
    if (str_equal_c(kind, "failed")) return "r retry, k skip, c cancel";
    if (str_equal_c(kind, "secret")) return "planvm answer RUN -";
    return options ? "1-9 choose, v write" : "y yes, N no, v write";
}

static void write_asked(const Json *args, Buffer *out)
{
    const Json *by = json_get(args, "by"), *options = json_get(args, "options");
    size_t number = 0;
    secrets_show(out, json_string(args, "text", ""));
    for (const Json *item = json_first(options); item; item = json_next(item))
        buffer_printf(out, " [%zu] %.*s", ++number, STR_ARG(json_text(item)));
    for (const Json *item = json_first(by); item; item = json_next(item))
        buffer_printf(out, "%s%.*s", item == json_first(by) ? ", for " : " or ", STR_ARG(json_text(item)));
}

static void write_limit(const Json *args, int64_t now, Buffer *out)
{
    int64_t deadline = json_int(args, "deadline", 0);
    Str silence = json_string(args, "silence", "");
    if (!deadline) return;
    buffer_add_c(out, deadline > now ? " -- " : " -- overdue by ");
    int64_t left = deadline > now ? deadline - now : now - deadline;
    duration_write_short(out, left >= 1000 ? left - left % 1000 : left);
    buffer_add_c(out, deadline > now ? " left" : "");
    if (silence.len) buffer_printf(out, " (silence: %.*s)", STR_ARG(silence));
}

void questions_write(const Questions *questions, size_t index, int64_t now, size_t columns, bool colour,
                     Buffer *out)
{
    const Json *args = questions->open.items[index].args;
    const char *keys = answer_keys(json_string(args, "kind", ""), json_count(json_get(args, "options")));
    Buffer asked = {0}, limit = {0};
    write_asked(args, &asked);
    write_limit(args, now, &limit);
    bool one_line =
        utf8_count(buffer_str(&asked)) + utf8_count(buffer_str(&limit)) + strlen(keys) + 7 < columns;
    buffer_printf(out, "%s? %s%s%s%s%s%s\n", colour ? "\033[33m" : "", asked.data ? asked.data : "",
                  one_line || !limit.len ? "" : "\n ", limit.data ? limit.data : "",
                  one_line || limit.len ? "  " : "\n  ", keys, colour ? "\033[0m" : "");
    buffer_free(&asked);
    buffer_free(&limit);
}

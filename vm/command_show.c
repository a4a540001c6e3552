/* `planvm list`, `status` and `log`: what runs and ran, read from journals beside the processes that own
 * them. */
#include "vm/command.h"

#include "vm/base/json.h"
#include "vm/base/time.h"
#include "vm/marks.h"
#include "vm/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int64_t age_of(const Journal *journal, const Story *story)
{
    int64_t from = story->opened != STORY_NEVER ? story->opened : journal_run(journal)->created;
    return (journal_run(journal)->ended ? story->ended : time_now()) - from;
}

/* ---- list ---- */

static void list_json(const Arguments *arguments, const Journal *journal, const Story *story)
{
    const JournalRun *run = journal_run(journal);
    Json *one = json_new_object();
    json_set_string(one, "run", run->id);
    json_set_string(one, "service", run->service);
    json_set_string(one, "plan", run->plan);
    json_set_string(one, "status", str_from_c(command_state(arguments, journal, story)));
    json_set_string(one, "severity", story_severity(story));
    json_set_int(one, "opened", story->opened != STORY_NEVER ? story->opened : run->created);
    json_set_int(one, "age", age_of(journal, story));
    Buffer text = {0};
    json_write(&text, one);
    puts(text.data);
    buffer_free(&text);
    json_free(one);
}

static void list_line(const Arguments *arguments, const Journal *journal, const Story *story)
{
    const JournalRun *run = journal_run(journal);
    Buffer what = {0}, opened = {0}, age = {0};
    buffer_printf(&what, "%.*s%s%.*s", STR_ARG(run->service), run->service.len ? "/" : "",
                  STR_ARG(run->plan));
    time_write_minute(&opened, story->opened != STORY_NEVER ? story->opened : run->created);
    duration_write_short(&age, age_of(journal, story));
    Str severity = story_severity(story);
    printf("%-20.*s %-28s %-12s %-8.*s %-17s %s\n", STR_ARG(run->id), what.data,
           command_state(arguments, journal, story), STR_ARG(severity.len ? severity : STR("-")), opened.data,
           age.data);
    buffer_free(&what);
    buffer_free(&opened);
    buffer_free(&age);
}

int command_list(const Arguments *arguments)
{
    Arena arena = {0};
    JournalIds ids = {0};
    Error error = {""};
    bool json = option_given(arguments, OPTION_JSON);
    int status = EXIT_FINE;
    if (!journal_list(arguments->root.data, &arena, &ids, &error))
        status = command_fail(arguments, EXIT_MISUSE, "%s", error.text);
    if (ids.count && !json)
        printf("%-20s %-28s %-12s %-8s %-17s %s\n", "RUN", "PLAN", "STATUS", "SEVERITY", "OPENED (UTC)",
               "AGE");
    for (size_t i = 0; i < ids.count; i++) {
        Story story = {0};
        Error trouble = {""};
        Journal *journal = journal_open_read(arguments->root.data, ids.items[i], &trouble);
        if (journal && command_read_story(journal, &story, &trouble))
            (json ? list_json : list_line)(arguments, journal, &story);
        else
            fprintf(stderr, "%-20.*s cannot be read: %s\n", STR_ARG(ids.items[i]), trouble.text);
        story_free(&story);
        journal_close(journal);
    }
    vec_free(&ids);
    arena_free(&arena);
    return status;
}

/* ---- status ---- */

static void line_of(const char *name, Str text)
{
    if (text.len) printf("%-13s %.*s\n", name, STR_ARG(text));
}

static void show_questions(const Story *story)
{
    for (size_t i = 0; i < story->questions.count; i++) {
        const StoryQuestion *question = &story->questions.items[i];
        if (question->answered != STORY_NEVER) continue;
        Buffer line = {0};
        buffer_printf(&line, "question %" PRId64 " (%.*s): %.*s", question->id, STR_ARG(question->kind),
                      STR_ARG(question->text));
        if (question->people.len) buffer_printf(&line, "; for %.*s", STR_ARG(question->people));
        if (question->deadline != STORY_NEVER) {
            buffer_add_c(&line, "; until ");
            time_write_clock(&line, question->deadline);
            if (question->silence.len)
                buffer_printf(&line, ", no answer means: %.*s", STR_ARG(question->silence));
        }
        puts(line.data);
        buffer_free(&line);
    }
}

static bool old_row(void *ctx, LogRow *row, Error *error)
{
    return journal_next(ctx, row, error);
}

/* When the machine wants to be woken. The log alone does not say it: the machine is brought to where the log
 * ends. */
static int64_t next_deadline(Journal *journal)
{
    Buffer bytes = {0};
    Image image;
    Error error = {""};
    int64_t deadline = INT64_MAX;
    if (journal_image(journal, &bytes, &error) && image_open(buffer_str(&bytes), &image, &error)) {
        RunSetup setup = {.vm = vm_new(&image, journal_run(journal)->entry, NULL, &error)};
        RunSource source = {.ctx = journal_rows(journal, 0, &error), .next = old_row};
        RunOutcome outcome;
        if (setup.vm && source.ctx && run_replay(&setup, &source, &outcome))
            deadline = vm_next_deadline(setup.vm);
        journal_rows_end(source.ctx);
        vm_free(setup.vm);
        image_close(&image);
    }
    buffer_free(&bytes);
    return deadline;
}

static void show_deadline(Journal *journal)
{
    int64_t deadline = next_deadline(journal);
    if (deadline == INT64_MAX) return;
    Buffer line = {0};
    time_write_clock(&line, deadline);
    int64_t left = deadline - time_now();
    buffer_add_c(&line, left < 0 ? ", overdue by " : ", in ");
    duration_write_short(&line, left < 0 ? -left : left);
    line_of("next at", buffer_str(&line));
    buffer_free(&line);
}

static void show_incident(const Arguments *arguments, Journal *journal, const Story *story)
{
    const JournalRun *run = journal_run(journal);
    Buffer line = {0};
    line_of("run", run->id);
    buffer_printf(&line, "%.*s%s%.*s (%.*s)", STR_ARG(run->service), run->service.len ? "/" : "",
                  STR_ARG(run->plan), STR_ARG(run->file));
    line_of("plan", buffer_str(&line));
    line_of("status", str_from_c(command_state(arguments, journal, story)));
    line_of("error", story->error);
    line_of("incident", story->title);
    line_of("severity", story_severity(story));
    buffer_clear(&line);
    time_write(&line, story->opened != STORY_NEVER ? story->opened : run->created);
    buffer_add_c(&line, ", for ");
    duration_write_short(&line, age_of(journal, story));
    line_of("opened", buffer_str(&line));
    if (story->opened != STORY_NEVER)
        line_of("acknowledged", story->is_acknowledged ? story->acknowledged_by : STR("by nobody"));
    for (size_t i = 0; i < story->facts.count; i++)
        printf("%-13s %s\n", story->facts.items[i].name.data, story->facts.items[i].text.data);
    buffer_free(&line);
}

static void show_steps(const Story *story)
{
    line_of("phase", story->phase);
    for (size_t i = 0; i < story->steps.count; i++) {
        if (story->steps.items[i].state == STEP_RUNNING) line_of("doing", story->steps.items[i].name);
    }
    for (size_t i = 0; i < story->effects.count; i++) {
        const StoryEffect *effect = &story->effects.items[i];
        if (effect->ended == STORY_NEVER) line_of("under way", effect->what);
    }
}

static void show_lines(const Story *story, size_t most)
{
    size_t count = story->lines.count;
    if (count) puts("");
    for (size_t i = count > most ? count - most : 0; i < count; i++) {
        Buffer line = {0};
        time_write_clock(&line, story->lines.items[i].at);
        buffer_printf(&line, "  %s", story->lines.items[i].text.data);
        puts(line.data);
        buffer_free(&line);
    }
}

int command_status(const Arguments *arguments)
{
    Journal *journal = command_open(arguments, arguments->words.items[0]);
    if (!journal) return EXIT_MISUSE;
    Story story = {0};
    bool fine = command_story(arguments, journal, &story);
    if (fine && option_given(arguments, OPTION_JSON)) {
        list_json(arguments, journal, &story);
    } else if (fine) {
        show_incident(arguments, journal, &story);
        if (!journal_run(journal)->ended) {
            show_steps(&story);
            show_questions(&story);
            show_deadline(journal);
        }
        show_lines(&story, 10);
    }
    story_free(&story);
    journal_close(journal);
    return fine ? EXIT_FINE : EXIT_PLAN_FAILED;
}

/* ---- log ---- */

static void log_json(const LogRow *row)
{
    Buffer line = {0};
    buffer_printf(&line, "{\"seq\":%" PRIu64 ",\"now\":%" PRId64 ",\"kind\":\"%s\"", row->seq, row->now,
                  log_kind_name(row->kind));
    if (row->effect) buffer_printf(&line, ",\"effect\":%" PRIu64, row->effect);
    if (row->kind == LOG_INTENT)
        buffer_printf(&line, ",\"class\":\"%s\"", effect_class_name(row->effect_class));
    const struct {
        const char *name;
        Str text;
    } members[] = {{"name", row->name}, {"step", row->step}, {"at", row->at}};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (!members[i].text.len) continue;
        buffer_printf(&line, ",\"%s\":", members[i].name);
        json_write_string(&line, members[i].text);
    }
    /* The payload is JSON already, and shown as the very bytes that were kept. */
    if (row->json.len) buffer_printf(&line, ",\"payload\":%.*s", STR_ARG(row->json));
    buffer_add_char(&line, '}');
    puts(line.data);
    buffer_free(&line);
}

/* Operations of effects by number, so that a result can be told in its own words. */
typedef VEC(Str) Operations;

static Str operation_of(const Operations *operations, uint64_t effect)
{
    return effect && effect <= operations->count ? operations->items[effect - 1] : STR("");
}

static void operation_note(Operations *operations, Arena *arena, const LogRow *row)
{
    while (operations->count < row->effect)
        vec_push(operations, STR(""));
    if (row->effect) operations->items[row->effect - 1] = arena_copy(arena, row->name);
}

/* A long output lies in a file of its own, which may be gone. */
static void note_missing(Buffer *line, const Journal *journal, const Json *result)
{
    static const char *const streams[] = {"out_whole", "err_whole", "body_whole"};
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        Str hash = json_string(json_get(result, streams[i]), "hash", "");
        Buffer path = {0};
        buffer_printf(&path, "%s/" LOG_OUTPUTS "/%.*s.zst", journal_path(journal), STR_ARG(hash));
        if (hash.len && access(path.data, F_OK) != 0) buffer_add_c(line, "; its file is missing");
        buffer_free(&path);
    }
}

static void log_text(const LogRow *row, const Journal *journal, Operations *operations, Arena *arena)
{
    Json *json = row->json.len ? json_parse(row->json, NULL) : NULL;
    Buffer line = {0};
    buffer_printf(&line, "%6" PRIu64 "  ", row->seq);
    time_write_clock(&line, row->now);
    buffer_printf(&line, "  %-7s ", log_kind_name(row->kind));
    if (row->effect) buffer_printf(&line, "%" PRIu64 ": ", row->effect);
    switch (row->kind) {
    case LOG_INTENT:
        operation_note(operations, arena, row);
        buffer_printf(&line, "%s ", effect_class_name(row->effect_class));
        effect_write(&line, row->name, json);
        break;
    case LOG_RESULT:
        effect_result_write(&line, operation_of(operations, row->effect), json);
        note_missing(&line, journal, json);
        break;
    case LOG_MARK:
        if (!mark_write(&line, row->name, json))
            buffer_printf(&line, "%.*s %.*s", STR_ARG(row->name), STR_ARG(row->json));
        break;
    case LOG_SIGNAL:
        buffer_printf(&line, "%s of %s", json_string(json, "kind", "").data,
                      json_string(json, "by", "somebody").data);
        break;
    default: buffer_add_str(&line, row->json); break;
    }
    puts(line.data);
    buffer_free(&line);
    json_free(json);
}

int command_log(const Arguments *arguments)
{
    Journal *journal = command_open(arguments, arguments->words.items[0]);
    if (!journal) return EXIT_MISUSE;
    Operations operations = {0};
    Arena arena = {0};
    Error error = {""};
    uint64_t seen = 0;
    bool more = true, ended = false;
    while (more && !error.text[0]) {
        /* Asked before reading: what is written between the two is read. */
        bool live = journal_is_live(arguments->root.data, journal_run(journal)->id, NULL);
        JournalCursor *cursor = journal_rows(journal, seen, &error);
        LogRow row;
        while (cursor && journal_next(cursor, &row, &error)) {
            if (option_given(arguments, OPTION_JSON))
                log_json(&row);
            else
                log_text(&row, journal, &operations, &arena);
            seen = row.seq;
            ended = ended || row.kind == LOG_END;
        }
        journal_rows_end(cursor);
        more = option_given(arguments, OPTION_FOLLOW) && live && !ended && fflush(stdout) == 0;
        if (more) usleep(200000);
    }
    vec_free(&operations);
    arena_free(&arena);
    journal_close(journal);
    return error.text[0] ? command_fail(arguments, EXIT_PLAN_FAILED, "%s", error.text) : EXIT_FINE;
}

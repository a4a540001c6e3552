/* The drills' part of the metadata: each drill with its lines and expectations, all constants worked out.
 *
 * What a drill says that this cannot put down becomes the drill's "trouble", one sentence with its place; the
 * drill then fails with it instead of running without that line. */
#include "compiler/lower/metadata_parts.h"

static const int64_t DEFAULT_START = 1767603600000; /* 2026-01-05T09:00Z, a Monday */

typedef struct DrillWriter {
    MetadataWriter *writer;
    Str trouble; /* the first one; empty: none */
} DrillWriter;

static void drill_trouble(DrillWriter *drill, Span span, const char *what)
{
    if (drill->trouble.len) return;
    const SourceFile *file = source_file(drill->writer->program->sources, span.file);
    drill->trouble =
        arena_printf(drill->writer->scope.arena, "%.*s:%u: %s", STR_ARG(file ? file->path : (Str){0}),
                     file ? (unsigned)source_place(file, span.start).line : 0U, what);
}

static void name_at(MetadataWriter *writer, const char *key, const Node *reference)
{
    if (reference) out_text_at(&writer->out, key, reference_name(&writer->scope, reference));
}

static Str command_pattern(MetadataWriter *writer, const Node *command)
{
    writer->scope.pattern = true;
    Str text = command_text(&writer->scope, command);
    writer->scope.pattern = false;
    return text;
}

static Str text_pattern(MetadataWriter *writer, const Node *text)
{
    writer->scope.pattern = true;
    Str pattern = constant_text(&writer->scope, text);
    writer->scope.pattern = false;
    return pattern;
}

/* Nothing at all where the node is NULL. */
static void write_text_pattern(MetadataWriter *writer, const char *key, const Node *text)
{
    if (text) out_text_at(&writer->out, key, text_pattern(writer, text));
}

/* A value whose texts are patterns; nothing at all where the node is NULL. */
static void write_json_pattern(MetadataWriter *writer, const char *key, const Node *value)
{
    if (!value) return;
    out_key(&writer->out, key);
    writer->scope.pattern = true;
    constant_write(&writer->scope, value, &writer->out);
    writer->scope.pattern = false;
}

/* {"pattern":…} of a command, {"method":…,"url":…} of a request. */
static void write_pattern(MetadataWriter *writer, const char *key, const Node *pattern)
{
    if (!pattern) return;
    const Node *command = pattern->kind == NODE_COMMAND ? pattern : pattern->effect_pattern.command;
    out_key(&writer->out, key);
    out_open(&writer->out, '{');
    if (command) {
        out_text_at(&writer->out, "pattern", command_pattern(writer, command));
        name_at(writer, "host", command->command.host);
    } else {
        out_text_at(&writer->out, "method", pattern->effect_pattern.method);
        out_text_at(&writer->out, "url", text_pattern(writer, pattern->effect_pattern.url));
    }
    out_close(&writer->out, '}');
}

/* ---- answers ---- */

/* Nothing at all where the node is NULL. */
static void write_json_at(MetadataWriter *writer, const char *key, const Node *value)
{
    if (!value) return;
    out_key(&writer->out, key);
    constant_write(&writer->scope, value, &writer->out);
}

/* What comes with a status: a text, or json. */
static void write_body(MetadataWriter *writer, const Node *body)
{
    if (!body || body->kind == NODE_STRING) {
        constant_text_at(&writer->scope, body, "text", &writer->out);
        return;
    }
    out_key(&writer->out, "json");
    constant_write(&writer->scope, body, &writer->out);
}

/* {"approval":true,"from":[…],"error":why}: as a policy that wants one. */
static void write_approval(MetadataWriter *writer, const Node *gives)
{
    out_key(&writer->out, "approval");
    out_bool(&writer->out, true);
    out_key(&writer->out, "from");
    out_open(&writer->out, '[');
    for (const Node *one = gives->gives.from.first; one; one = one->next)
        out_text(&writer->out, reference_name(&writer->scope, one));
    out_close(&writer->out, ']');
    constant_text_at(&writer->scope, gives->gives.with, "error", &writer->out);
}

static void write_gives(MetadataWriter *writer, const Node *gives)
{
    out_key(&writer->out, "gives");
    out_open(&writer->out, '{');
    switch (gives->gives.kind) {
    case GIVES_FIGURE:
        constant_int_at(&writer->scope, gives->gives.value, "status", &writer->out);
        write_body(writer, gives->gives.with);
        break;
    case GIVES_TEXT:
        constant_text_at(&writer->scope, gives->gives.value, "text", &writer->out);
        constant_text_at(&writer->scope, gives->gives.with, "err", &writer->out);
        break;
    case GIVES_FILE: constant_text_at(&writer->scope, gives->gives.value, "file", &writer->out); break;
    case GIVES_JSON:
        out_key(&writer->out, "json");
        constant_write(&writer->scope, gives->gives.value, &writer->out);
        break;
    case GIVES_EXIT:
        constant_int_at(&writer->scope, gives->gives.value, "exit", &writer->out);
        constant_text_at(&writer->scope, gives->gives.out, "text", &writer->out);
        constant_text_at(&writer->scope, gives->gives.with, "err", &writer->out);
        break;
    case GIVES_HANG:
        out_key(&writer->out, "hangs");
        out_bool(&writer->out, true);
        break;
    case GIVES_UNKNOWN:
        out_key(&writer->out, "unknown");
        out_bool(&writer->out, true);
        break;
    case GIVES_APPROVAL: write_approval(writer, gives); break;
    case GIVES_RESULT: write_json_at(writer, "result", gives->gives.value); break;
    case GIVES_BODY:
        out_key(&writer->out, "runs");
        out_bool(&writer->out, true);
        break;
    case GIVES_FAILURE:
        out_key(&writer->out, "fails");
        out_bool(&writer->out, true);
        constant_text_at(&writer->scope, gives->gives.with, "error", &writer->out);
        break;
    }
    write_json_at(writer, "headers", gives->gives.headers);
    out_close(&writer->out, '}');
}

static void write_answers(MetadataWriter *writer, const NodeList *answers)
{
    out_key(&writer->out, "answers");
    out_open(&writer->out, '[');
    writer->scope.stars = true;
    for (const Node *gives = answers->first; gives; gives = gives->next) {
        if (gives->kind != NODE_GIVES) continue;
        out_open(&writer->out, '{');
        write_gives(writer, gives);
        constant_int_at(&writer->scope, gives->gives.before, "before", &writer->out);
        constant_int_at(&writer->scope, gives->gives.delay, "delay", &writer->out);
        constant_int_at(&writer->scope, gives->gives.times, "times", &writer->out);
        if (gives->gives.once) {
            out_key(&writer->out, "once");
            out_bool(&writer->out, true);
        }
        out_close(&writer->out, '}');
    }
    writer->scope.stars = false;
    out_close(&writer->out, ']');
}

/* ---- what people do at a time ---- */

/* Where a signal puts the node's value; what is not here carries none, or is written by itself. */
static const char *signal_member(DrillSignal signal)
{
    switch (signal) {
    case SIGNAL_SEVERITY:
    case SIGNAL_ESCALATE:
    case SIGNAL_HANDOVER: return "to";
    case SIGNAL_NOTE: return "text";
    case SIGNAL_KILL: return "kill_for";
    case SIGNAL_CLOCK_JUMPS: return "clock_jumps";
    case SIGNAL_ALERT: return "name";
    case SIGNAL_SET: return "value";
    case SIGNAL_SKIP: return "step";
    case SIGNAL_GOTO: return "phase";
    case SIGNAL_ASSIGN: return "role";
    case SIGNAL_FOLLOW: return "plan";
    case SIGNAL_RESOLVE:
    case SIGNAL_REOPEN:
    case SIGNAL_MITIGATED: return "because";
    case SIGNAL_ANSWER: return "value";
    default: return "what";
    }
}

static void write_signal(DrillWriter *drill, const Node *at)
{
    MetadataWriter *writer = drill->writer;
    DrillSignal signal = at->drill_at.signal;
    if (signal == SIGNAL_ANY) {
        write_json_at(writer, "signal", at->drill_at.value);
        return;
    }
    bool is_clock = signal == SIGNAL_KILL || signal == SIGNAL_CLOCK_JUMPS;
    const Node *value = at->drill_at.value;
    bool reference = value && (value->kind == NODE_NAME || value->kind == NODE_MEMBER);
    out_key(&writer->out, "signal");
    out_open(&writer->out, '{');
    if (!is_clock) out_text_at(&writer->out, "kind", str_from_c(op_text_DrillSignal(signal)));
    if (at->drill_at.name.len) out_text_at(&writer->out, "name", at->drill_at.name);
    if (value && is_clock) {
        constant_int_at(&writer->scope, value, signal_member(signal), &writer->out);
    } else if (value && signal == SIGNAL_ANSWER) {
        out_key(&writer->out, signal_member(signal));
        constant_write(&writer->scope, value, &writer->out);
        constant_text_at(&writer->scope, at->drill_at.to, "what", &writer->out);
    } else if (reference && (!value->symbol || value->symbol->kind != SYMBOL_SETTING)) {
        name_at(writer, signal_member(signal), value);
    } else if (value) {
        constant_text_at(&writer->scope, value, signal_member(signal), &writer->out);
    }
    if (signal == SIGNAL_ASSIGN) name_at(writer, "to", at->drill_at.to);
    if (at->drill_at.by && at->drill_at.by->kind == NODE_STRING)
        constant_text_at(&writer->scope, at->drill_at.by, "by", &writer->out);
    else
        name_at(writer, "by", at->drill_at.by);
    constant_text_at(&writer->scope, at->drill_at.because, "because", &writer->out);
    if (at->drill_at.emergency) {
        out_key(&writer->out, "emergency");
        out_bool(&writer->out, true);
    }
    out_close(&writer->out, '}');
}

/* ---- lines ---- */

/* The arguments that a call must have, by the names of the fn's parameters. */
static void write_call_args(MetadataWriter *writer, const Node *line)
{
    const Symbol *fn = line->drill_call.fn->symbol;
    size_t position = 0;
    if (line->drill_call.any) return;
    out_key(&writer->out, "args");
    out_open(&writer->out, '{');
    for (const Node *arg = line->drill_call.args.first; arg; arg = arg->next, position++) {
        Str name = arg->arg.name;
        if (!name.len && fn && position < fn->param_count) name = fn->params[position]->name;
        write_json_pattern(writer, arena_copy_c(writer->scope.arena, name), arg->arg.value);
    }
    out_close(&writer->out, '}');
}

static void write_effect_line(MetadataWriter *writer, const Node *line)
{
    switch (line->kind) {
    case NODE_DRILL_HTTP:
        out_text_at(&writer->out, "on", STR("http"));
        out_text_at(&writer->out, "method", line->drill_http.method);
        write_text_pattern(writer, "url", line->drill_http.url);
        write_json_pattern(writer, "with", line->drill_http.with);
        write_json_pattern(writer, "headers", line->drill_http.headers);
        write_pattern(writer, "ran", line->drill_http.once_ran);
        write_answers(writer, &line->drill_http.answers);
        break;
    case NODE_DRILL_COMMAND:
        out_text_at(&writer->out, "on", STR("command"));
        out_text_at(&writer->out, "pattern", command_pattern(writer, line->drill_command.command));
        name_at(writer, "host", line->drill_command.command->command.host);
        write_pattern(writer, "ran", line->drill_command.once_ran);
        write_answers(writer, &line->drill_command.answers);
        break;
    case NODE_DRILL_CALL:
        out_text_at(&writer->out, "on", STR("call"));
        out_text_at(&writer->out, "fn", node_dotted(writer->scope.arena, line->drill_call.fn));
        write_call_args(writer, line);
        write_pattern(writer, "ran", line->drill_call.once_ran);
        write_answers(writer, &line->drill_call.answers);
        break;
    case NODE_DRILL_ANY:
        out_text_at(&writer->out, "on", STR("any"));
        if (line->drill_any.number) out_int_at(&writer->out, "number", line->drill_any.number);
        write_pattern(writer, "ran", line->drill_any.once_ran);
        write_answers(writer, &line->drill_any.answers);
        break;
    case NODE_DRILL_CHANNEL:
        out_text_at(&writer->out, "on", STR("channel"));
        name_at(writer, "name", line->drill_channel.channel);
        write_pattern(writer, "ran", line->drill_channel.once_ran);
        write_answers(writer, &line->drill_channel.answers);
        break;
    default:
        out_text_at(&writer->out, "on", STR("way"));
        out_text_at(&writer->out, "way", line->drill_way.way);
        name_at(writer, "contact", line->drill_way.contact);
        write_pattern(writer, "ran", line->drill_way.once_ran);
        write_answers(writer, &line->drill_way.answers);
        break;
    }
}

static void write_person_line(MetadataWriter *writer, const Node *line)
{
    if (line->kind == NODE_DRILL_PERSON) {
        out_text_at(&writer->out, "on", STR("person"));
        name_at(writer, "contact", line->drill_person.contact);
        out_text_at(&writer->out, "does", str_from_c(op_text_PersonDoes(line->drill_person.does)));
        write_text_pattern(writer, "what", line->drill_person.what);
        constant_int_at(&writer->scope, line->drill_person.after, "after", &writer->out);
        constant_int_at(&writer->scope, line->drill_person.before, "before", &writer->out);
    } else if (line->kind == NODE_DRILL_ANSWER) {
        out_text_at(&writer->out, "on", STR("answer"));
        write_text_pattern(writer, "what", line->drill_answer.question);
        out_key(&writer->out, "value");
        constant_write(&writer->scope, line->drill_answer.value, &writer->out);
        constant_int_at(&writer->scope, line->drill_answer.after, "after", &writer->out);
    } else {
        out_text_at(&writer->out, "on", STR("manual"));
        out_text_at(&writer->out, "what",
                    line->drill_manual.what ? text_pattern(writer, line->drill_manual.what)
                                            : STR("*"));
        constant_int_at(&writer->scope, line->drill_manual.after, "after", &writer->out);
        if (line->drill_manual.never) {
            out_key(&writer->out, "never");
            out_bool(&writer->out, true);
        }
    }
}

/* {"of":"effects","answers":[…]}, or {"of":"time","signal":{…},"from":…,"to":…,"every":…,"or_never":…}. */
static void write_sweep(MetadataWriter *writer, const Node *line)
{
    out_text_at(&writer->out, "on", STR("sweep"));
    if (line->drill_sweep.of_effects) {
        out_text_at(&writer->out, "of", STR("effects"));
        write_answers(writer, &line->drill_sweep.answers);
        return;
    }
    out_text_at(&writer->out, "of", STR("time"));
    out_key(&writer->out, "signal");
    out_open(&writer->out, '{');
    out_text_at(&writer->out, "kind", str_from_c(op_text_DrillSignal(line->drill_sweep.signal)));
    name_at(writer, "by", line->drill_sweep.by);
    out_close(&writer->out, '}');
    constant_int_at(&writer->scope, line->drill_sweep.start, "from", &writer->out);
    constant_int_at(&writer->scope, line->drill_sweep.end, "to", &writer->out);
    constant_int_at(&writer->scope, line->drill_sweep.every, "every", &writer->out);
    out_key(&writer->out, "or_never");
    out_bool(&writer->out, line->drill_sweep.or_never);
}

static void write_line(DrillWriter *drill, const Node *line)
{
    MetadataWriter *writer = drill->writer;
    writer->scope.unknown = false;
    switch (line->kind) {
    case NODE_DRILL_HTTP:
    case NODE_DRILL_COMMAND:
    case NODE_DRILL_CALL:
    case NODE_DRILL_CHANNEL:
    case NODE_DRILL_WAY:
    case NODE_DRILL_ANY:
        out_open(&writer->out, '{');
        write_effect_line(writer, line);
        break;
    case NODE_DRILL_PERSON:
    case NODE_DRILL_ANSWER:
    case NODE_DRILL_MANUAL:
        out_open(&writer->out, '{');
        write_person_line(writer, line);
        break;
    case NODE_DRILL_SWEEP:
        out_open(&writer->out, '{');
        write_sweep(writer, line);
        break;
    case NODE_DRILL_AT:
        out_open(&writer->out, '{');
        out_text_at(&writer->out, "on", STR("at"));
        constant_int_at(&writer->scope, line->drill_at.at, "at", &writer->out);
        write_signal(drill, line);
        break;
    default: return;
    }
    metadata_place(writer, line->span);
    out_text_at(&writer->out, "text", metadata_source(writer, line->span));
    out_close(&writer->out, '}');
    if (writer->scope.unknown)
        drill_trouble(drill, line->span, "a value in this line is known only in a run");
}

/* ---- expectations ---- */

static void write_subject(MetadataWriter *writer, const Node *fact)
{
    switch (fact->fact.kind) {
    case FACT_PAGED: name_at(writer, "contact", fact->fact.subject); break;
    case FACT_NOTIFIED: name_at(writer, "channel", fact->fact.subject); break;
    case FACT_ASSIGNED: name_at(writer, "role", fact->fact.subject); break;
    case FACT_SEVERITY: name_at(writer, "severity", fact->fact.subject); break;
    default: break;
    }
}

static void write_fact_args(MetadataWriter *writer, const Node *fact)
{
    const Node *pattern = fact->fact.pattern;
    out_key(&writer->out, "args");
    out_open(&writer->out, '{');
    write_subject(writer, fact);
    write_text_pattern(writer, "what", fact->fact.what);
    write_text_pattern(writer, "matching", fact->fact.matching);
    name_at(writer, fact->fact.kind == FACT_PAGED ? "way" : "by", fact->fact.by);
    name_at(writer, "to", fact->fact.to);
    write_pattern(writer, "pattern", pattern);
    if (fact->fact.value) {
        out_text_at(&writer->out, "op", str_from_c(op_text_BinaryOp(fact->fact.op)));
        out_key(&writer->out, "value");
        constant_write(&writer->scope, fact->fact.value, &writer->out);
    }
    out_close(&writer->out, '}');
}

static void write_expect(DrillWriter *drill, const Node *line)
{
    MetadataWriter *writer = drill->writer;
    const Node *fact = line->expect.fact;
    writer->scope.unknown = false;
    out_open(&writer->out, '{');
    out_text_at(&writer->out, "text", metadata_source(writer, line->span));
    metadata_place(writer, line->span);
    out_key(&writer->out, "not");
    out_bool(&writer->out, line->expect.negated);
    out_text_at(&writer->out, "fact", str_from_c(op_text_FactKind(fact->fact.kind)));
    write_fact_args(writer, fact);
    constant_int_at(&writer->scope, fact->fact.before, "before", &writer->out);
    constant_int_at(&writer->scope, fact->fact.after, "after", &writer->out);
    constant_int_at(&writer->scope, fact->fact.at, "at", &writer->out);
    constant_int_at(&writer->scope, fact->fact.lasting, "lasting", &writer->out);
    write_pattern(writer, "before_ran", fact->fact.before_ran);
    write_pattern(writer, "after_ran", fact->fact.after_ran);
    if (fact->fact.times >= 0) {
        out_key(&writer->out, "times");
        out_open(&writer->out, '{');
        out_text_at(&writer->out, "op", str_from_c(op_text_BinaryOp(fact->fact.times_op)));
        out_int_at(&writer->out, "n", fact->fact.times);
        out_close(&writer->out, '}');
    }
    out_close(&writer->out, '}');
    if (writer->scope.unknown)
        drill_trouble(drill, line->span, "a value in this line is known only in a run");
}

/* ---- the drill ---- */

static void write_with(DrillWriter *drill, const Symbol *plan, const Node *node)
{
    MetadataWriter *writer = drill->writer;
    const Node *severity = NULL;
    size_t position = 0;
    out_key(&writer->out, "with");
    out_open(&writer->out, '{');
    out_key(&writer->out, "params");
    out_open(&writer->out, '{');
    for (const Node *arg = node->drill.args.first; arg; arg = arg->next, position++) {
        Str name = arg->arg.name;
        if (!name.len && plan && position < plan->param_count) name = plan->params[position]->name;
        out_key(&writer->out, arena_copy_c(writer->scope.arena, name));
        constant_write(&writer->scope, arg->arg.value, &writer->out);
    }
    const Node *setting = writer->scope.settings ? writer->scope.settings->first : NULL;
    for (; setting; setting = setting->next) {
        if (str_equal_c(setting->setting.name, "severity")) {
            severity = setting->setting.value;
            continue;
        }
        if (!setting->symbol) continue; /* a beginning, below */
        out_key(&writer->out, arena_copy_c(writer->scope.arena, setting->setting.name));
        constant_write(&writer->scope, setting->setting.value, &writer->out);
    }
    out_close(&writer->out, '}');
    out_key(&writer->out, "severity");
    if (severity)
        out_text(&writer->out, reference_name(&writer->scope, severity));
    else
        out_null(&writer->out);
    for (setting = writer->scope.settings ? writer->scope.settings->first : NULL; setting; setting = setting->next) {
        bool beginning = !setting->symbol && !str_equal_c(setting->setting.name, "severity");
        if (beginning) write_json_at(writer, arena_copy_c(writer->scope.arena, setting->setting.name), setting->setting.value);
    }
    out_close(&writer->out, '}');
}

/* The start as the zone's clocks show it: what that means in UTC is known where the drill is run. */
static void write_start(MetadataWriter *writer, const Node *start)
{
    int64_t at = start ? constant_int(&writer->scope, start->drill_start.at, DEFAULT_START) : DEFAULT_START;
    Str zone = start && start->drill_start.zone ? constant_text(&writer->scope, start->drill_start.zone)
                                                : STR("UTC");
    out_int_at(&writer->out, "start", at);
    out_text_at(&writer->out, "zone", zone);
}

static void write_drill(MetadataWriter *writer, const Symbol *symbol)
{
    const Node *node = symbol->decl;
    const Node *start = NULL, *until = NULL;
    const NodeList *settings = NULL;
    DrillWriter drill = {.writer = writer};
    for (const Node *line = node->drill.lines.first; line; line = line->next) {
        if (line->kind == NODE_DRILL_WITH) settings = &line->drill_with.settings;
        if (line->kind == NODE_DRILL_START) start = line;
        if (line->kind == NODE_DRILL_UNTIL) until = line->drill_until.duration;
    }
    writer->scope.settings = settings;
    writer->scope.unknown = false;
    const Symbol *plan = node->drill.plan ? node->drill.plan->symbol : NULL;
    writer->scope.plan = plan;
    writer->scope.args = &node->drill.args;
    out_open(&writer->out, '{');
    out_text_at(&writer->out, "name", constant_text(&writer->scope, node->drill.title));
    out_text_at(&writer->out, "plan", reference_name(&writer->scope, node->drill.plan));
    metadata_place(writer, node->span);
    write_with(&drill, plan, node);
    write_start(writer, start);
    constant_int_at(&writer->scope, until, "until", &writer->out);
    if (writer->scope.unknown)
        drill_trouble(&drill, node->span, "a value of this drill is known only in a run");
    out_key(&writer->out, "lines");
    out_open(&writer->out, '[');
    for (const Node *line = node->drill.lines.first; line; line = line->next)
        write_line(&drill, line);
    out_close(&writer->out, ']');
    out_key(&writer->out, "expect");
    out_open(&writer->out, '[');
    for (const Node *line = node->drill.lines.first; line; line = line->next) {
        if (line->kind == NODE_EXPECT) write_expect(&drill, line);
    }
    out_close(&writer->out, ']');
    if (drill.trouble.len) out_text_at(&writer->out, "trouble", drill.trouble);
    out_close(&writer->out, '}');
    writer->scope.settings = writer->scope.args = NULL;
    writer->scope.plan = NULL;
}

void metadata_drills(MetadataWriter *writer)
{
    out_open(&writer->out, '[');
    for (size_t i = 0; i < writer->program->drills.count; i++) {
        const Symbol *symbol = writer->program->drills.items[i];
        if (symbol->module == writer->program->root) write_drill(writer, symbol);
    }
    out_close(&writer->out, ']');
}

/* Command literals: cut into words when the plan is compiled, by the quoting rules of POSIX, and never again.
 *
 * In: NODE_COMMAND with its parts. Out: a Command. What would need a shell is reported with the way there is.
 * A value is always (part of) one word; in a script it is a positional parameter, so that no shell ever reads
 * it as code. */
#include "compiler/check/check.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

typedef enum Quote { QUOTE_NONE, QUOTE_SINGLE, QUOTE_DOUBLE } Quote;

typedef struct Splitter {
    Checker *c;
    Node *node;
    Command *command;
    CommandRoom room;
    bool in_word, may_be_empty;
    Quote quote;
    Span word;     /* of the word that is being read */
    Span quoted;   /* where the open quote stands */
    bool reported; /* one complaint about shell words is enough for a literal */
} Splitter;

/* ---- values ---- */

/* A value in a command: one word or part of one. */
static void check_command_value(Checker *c, Node *part)
{
    Node *value = part->interp.value;
    const Type *type = check_expression(c, value, NULL);
    part->type = type;
    if (part->interp.spread) {
        want_type(c, value, c->strings);
        return;
    }
    if (type_holds_secret(type)) {
        Diag *diag = report(c, P0603, value->span,
                            "a secret cannot stand in a command: everybody sees it in the list of processes");
        report_help(c, diag, "hand it over by `with (env: {NAME: …})` or `with (input: …)`");
        return;
    }
    switch (type->kind) {
    case TYPE_WRONG:
    case TYPE_STRING:
    case TYPE_INT:
    case TYPE_FLOAT:
    case TYPE_BOOL:
    case TYPE_ENUM: return;
    case TYPE_LIST: {
        Diag *diag = report(c, P0509, value->span, "a list is not one word");
        report_help(c, diag, "`${xs...}` is as many words as the list has");
        return;
    }
    case TYPE_OPTIONAL: want_type(c, value, type->element); return;
    case TYPE_JSON: want_type(c, value, c->string); return;
    default: report(c, P0509, value->span, "`%.*s` cannot stand in a command", STR_ARG(type->name)); return;
    }
}

/* ---- words ---- */

static void end_text(Splitter *s)
{
    if (!s->room.text.len) return;
    vec_push(&s->room.parts, (CommandPart){.text = arena_copy(s->c->arena, buffer_str(&s->room.text))});
    buffer_clear(&s->room.text);
}

static void end_word(Splitter *s)
{
    if (!s->in_word) return;
    end_text(s);
    CommandWord word = {.part_count = s->room.parts.count, .span = s->word, .may_be_empty = s->may_be_empty};
    word.parts = arena_array(s->c->arena, CommandPart, s->room.parts.count);
    if (s->room.parts.count) memcpy(word.parts, s->room.parts.items, s->room.parts.count * sizeof *word.parts);
    vec_push(&s->room.words, word);
    s->room.parts.count = 0;
    s->in_word = s->may_be_empty = false;
}

static void begin_word(Splitter *s, Span at)
{
    if (!s->in_word) s->word = at;
    s->in_word = true;
    s->word.end = at.end;
}

static void complain(Splitter *s, DiagCode code, Span at, const char *message, const char *help)
{
    if (s->reported) return;
    s->reported = true;
    Diag *diag = diag_report(s->c->diagnostics, code, at, "%s", message);
    if (help) report_help(s->c, diag, "%s", help);
}

/* `<load-balancer-dns>`, as runbooks write what the reader is to fill in. */
static bool is_placeholder(Str text)
{
    size_t i = 1;
    while (i < text.len && (isalnum((unsigned char)text.data[i]) || strchr("-_ ", text.data[i]))) i++;
    return i > 1 && i < text.len && text.data[i] == '>' && text.data[1] != ' ';
}

/* Do the words so far hand what follows to a program elsewhere? */
static bool is_for_elsewhere(const Splitter *s)
{
    Str program = s->room.words.count && s->room.words.items[0].part_count ? s->room.words.items[0].parts[0].text : (Str){"", 0};
    return str_equal(program, STR("kubectl")) || str_equal(program, STR("docker")) || str_equal(program, STR("ssh"));
}

/* Something that only a shell understands, outside quotes. */
static bool complain_of_shell(Splitter *s, Str text, size_t i, Span at)
{
    char ch = text.data[i];
    char next = i + 1 < text.len ? text.data[i + 1] : 0;
    switch (ch) {
    case '|':
        complain(s, DIAG_P0501, at, "there is no shell here, so there are no pipes",
                 "pipes need `sh`: sh `…`");
        return true;
    case '<':
    case '>':
        if (ch == '<' && is_placeholder(str_slice(text, i, text.len))) {
            complain(s, DIAG_P0501, at, "this stands for a value that nobody has filled in",
                     "declare it, `param cluster: string`, and write `${cluster}`; a real run asks for it");
            return true;
        }
        complain(s, DIAG_P0501, at, "there is no shell here, so nothing is redirected",
                 "the output is in the result; input is handed over by `with (input: …)`; anything else "
                 "needs `sh`");
        return true;
    case '&':
    case ';':
        complain(s, DIAG_P0501, at, "there is no shell here: one literal is one command",
                 "write two statements, or `sh` where it must be one script");
        return true;
    case '(':
    case ')':
        complain(s, DIAG_P0501, at, "a parenthesis means something to a shell only",
                 "put the word in single quotes");
        return true;
    case '*':
    case '?':
    case '[':
        complain(s, DIAG_P0503, at, "there is no shell here to expand a pattern",
                 is_for_elsewhere(s) ? "nothing expands it there either: hand it to a shell there, `… sh -c 'rm /tmp/*'`"
                                     : "put the word in single quotes if it is meant as it stands; `sh` expands patterns");
        return true;
    case '~':
        if (s->in_word) return false;
        complain(s, DIAG_P0503, at, "there is no shell here to expand `~`", "write the whole path");
        return true;
    case '$': break;
    default: return false;
    }
    if (next == '(')
        complain(s, DIAG_P0502, at, "there is no shell here to run `$(…)`",
                 "look first: `let x = observe `…``, then `${x.out}`");
    else if (next == '_' || (next >= 'A' && next <= 'Z') || (next >= 'a' && next <= 'z')) {
        complain(s, DIAG_P0502, at, "there is no shell here to read a variable",
                 "a value of the plan is `${name}`; what the environment has is declared: `secret x = env "
                 "\"NAME\"` or a `param`");
    } else {
        return false;
    }
    return true;
}

/* A newline in a literal of three backticks: a blank before an indented line that begins with `-`, at the
 * ends, and after a backslash (seen by the caller). */
static void newline(Splitter *s, Str text, size_t i, bool is_last_part, Span at)
{
    size_t next = i + 1;
    while (next < text.len && (text.data[next] == ' ' || text.data[next] == '\t' || text.data[next] == '\n'))
        next++;
    bool ends = next == text.len && is_last_part;
    bool begins = !s->room.words.count && !s->in_word;
    bool option = next < text.len && text.data[next] == '-' && text.data[next - 1] != '\n';
    if (!ends && !begins && !option) {
        complain(s, DIAG_P0505, at, "these are two commands in one literal",
                 "write two statements; a line that goes on ends in `\\` or is followed by an indented line "
                 "that begins with `-`");
    }
    end_word(s);
}

/* One character of text; gives how many were taken. */
static size_t split_character(Splitter *s, Str text, size_t i, bool is_last_part, Span at)
{
    char ch = text.data[i];
    char next = i + 1 < text.len ? text.data[i + 1] : 0;
    if (s->quote == QUOTE_SINGLE) {
        if (ch == '\'')
            s->quote = QUOTE_NONE;
        else
            buffer_add_char(&s->room.text, ch);
        return 1;
    }
    if (ch == '\\' && next == '\n') return 2;
    if (s->quote == QUOTE_DOUBLE) {
        if (ch == '"')
            s->quote = QUOTE_NONE;
        else if (ch == '\\' && (next == '"' || next == '\\' || next == '$' || next == '`')) {
            buffer_add_char(&s->room.text, next);
            return 2;
        } else if (ch == '$' && complain_of_shell(s, text, i, at))
            buffer_add_char(&s->room.text, ch);
        else
            buffer_add_char(&s->room.text, ch);
        return 1;
    }
    if (ch == ' ' || ch == '\t' || ch == '\r') {
        end_word(s);
        return 1;
    }
    if (ch == '\n') {
        newline(s, text, i, is_last_part, at);
        return 1;
    }
    complain_of_shell(s, text, i, at);
    begin_word(s, at);
    if (ch == '\'' || ch == '"') {
        s->quote = ch == '"' ? QUOTE_DOUBLE : QUOTE_SINGLE;
        s->quoted = at;
        return 1;
    }
    if (ch == '\\' && next) {
        buffer_add_char(&s->room.text, next);
        return 2;
    }
    buffer_add_char(&s->room.text, ch);
    return 1;
}

/* Does the byte stand for itself, and in no need of a quote, wherever it is in a word? */
static bool is_plain(char ch)
{
    static const bool special[256] = {[' '] = true,  ['\t'] = true, ['\r'] = true, ['\n'] = true, ['\''] = true, ['"'] = true,
                                      ['\\'] = true, ['|'] = true,  ['<'] = true,  ['>'] = true,  ['&'] = true,  [';'] = true,
                                      ['('] = true,  [')'] = true,  ['*'] = true,  ['?'] = true,  ['['] = true,  ['~'] = true,
                                      ['$'] = true};
    return !special[(unsigned char)ch];
}

/* Nearly every word, or part of one, is plain and used where it stands. Gives its length; 0: it is not so. */
static size_t split_plain(Splitter *s, const Node *part, size_t i)
{
    Str text = part->text.text;
    size_t end = i;
    if (s->quote != QUOTE_NONE || s->room.text.len) return 0;
    while (end < text.len && is_plain(text.data[end]))
        end++;
    bool whole = end < text.len ? text.data[end] == ' ' || text.data[end] == '\n' : !part->next || part->next->kind == NODE_INTERP;
    if (!whole || end == i) return 0;
    begin_word(s, (Span){part->span.file, part->span.start + (uint32_t)i, part->span.start + (uint32_t)end});
    vec_push(&s->room.parts, (CommandPart){.text = str_slice(text, i, end)});
    return end - i;
}

static void split_text(Splitter *s, const Node *part)
{
    Str text = part->text.text;
    if (part->text.escaped) {
        begin_word(s, part->span);
        buffer_add_str(&s->room.text, text);
        return;
    }
    for (size_t i = 0; i < text.len;) {
        size_t plain = split_plain(s, part, i);
        if (plain) {
            i += plain;
            continue;
        }
        uint32_t start = part->span.start + (uint32_t)i;
        Span at = {part->span.file, start, start + 1};
        bool was_quoted = s->quote != QUOTE_NONE;
        size_t taken = split_character(s, text, i, part->next == NULL, at);
        if (was_quoted) s->word.end = at.end;
        i += taken;
    }
}

static bool is_or_empty(const Node *value)
{
    const Member *member = node_member(value);
    return member && member->kind == MEMBER_PROPERTY && member->method == METHOD_STRING_OR_EMPTY;
}

static void split_value(Splitter *s, Node *part)
{
    check_command_value(s->c, part);
    begin_word(s, part->span);
    end_text(s);
    vec_push(&s->room.parts, (CommandPart){.expr = part->interp.value, .spread = part->interp.spread});
    if (is_or_empty(part->interp.value)) s->may_be_empty = true;
}

static void check_words(Checker *c, Splitter *s)
{
    for (size_t i = 0; i < s->room.words.count; i++) {
        const CommandWord *word = &s->room.words.items[i];
        for (size_t p = 0; p < word->part_count; p++) {
            if (word->parts[p].spread && word->part_count > 1) {
                report(c, P0509, word->parts[p].expr->span,
                       "a list that is spread is words of its own, not part of one");
            }
        }
    }
    if (!s->room.words.count) report(c, P0509, s->node->span, "this command has no words");
}

static Str program_of(const Command *command)
{
    if (!command->word_count) return (Str){"", 0};
    const CommandWord *word = &command->words[0];
    if (word->part_count != 1 || word->parts[0].expr) return (Str){"", 0};
    Str name = word->parts[0].text;
    for (size_t i = name.len; i > 0; i--) {
        if (name.data[i - 1] == '/') return str_slice(name, i, name.len);
    }
    return name;
}

static void check_assignment_word(Checker *c, const Command *command)
{
    Str program = program_of(command);
    ptrdiff_t equals = str_find(program, STR("="));
    if (equals <= 0) return;
    Diag *diag = report(c, P0506, command->words[0].span, "`%.*s` is set by a shell, and there is none",
                        STR_ARG(str_slice(program, 0, (size_t)equals)));
    report_help(c, diag, "hand it over by `with (env: {%.*s: …})`",
                STR_ARG(str_slice(program, 0, (size_t)equals)));
}

static void split_words(Checker *c, Node *node, Command *command)
{
    Splitter s = {.c = c, .node = node, .command = command, .room = c->room};
    c->room = (CommandRoom){0}; /* a value in the command may have commands of its own */
    for node_each(part, node->command.parts) {
        if (part->kind == NODE_INTERP)
            split_value(&s, part);
        else if (part->kind == NODE_TEXT)
            split_text(&s, part);
    }
    if (s.quote != QUOTE_NONE) report(c, P0507, s.quoted, "this quote is not closed");
    end_word(&s);
    check_words(c, &s);
    command->word_count = s.room.words.count;
    command->words = arena_array(c->arena, CommandWord, s.room.words.count);
    if (s.room.words.count) memcpy(command->words, s.room.words.items, s.room.words.count * sizeof *command->words);
    command->program = program_of(command);
    check_assignment_word(c, command);
    command->known = command_known(command);
    s.room.words.count = s.room.parts.count = 0;
    buffer_clear(&s.room.text);
    command_room_free(&c->room);
    c->room = s.room;
}

void command_room_free(CommandRoom *room)
{
    vec_free(&room->words);
    vec_free(&room->parts);
    buffer_free(&room->text);
}

/* ---- scripts ---- */

/* Follows the quotes of a script's text; `$1` and its like are ours. */
static Quote scan_script(Checker *c, const Node *part, Quote quote, bool *reported)
{
    Str text = part->text.text;
    for (size_t i = 0; i < text.len; i++) {
        char ch = text.data[i];
        char next = i + 1 < text.len ? text.data[i + 1] : 0;
        if (quote == QUOTE_SINGLE) {
            if (ch == '\'') quote = QUOTE_NONE;
            continue;
        }
        if (ch == '\\')
            i++;
        else if (ch == '"')
            quote = quote == QUOTE_DOUBLE ? QUOTE_NONE : QUOTE_DOUBLE;
        else if (ch == '\'' && quote == QUOTE_NONE)
            quote = QUOTE_SINGLE;
        else if (ch == '$' && ((next >= '0' && next <= '9') || next == '@' || next == '*' || next == '#') &&
                 !*reported) {
            uint32_t start = part->span.start + (uint32_t)i;
            *reported = true;
            Diag *diag = report(c, P0508, ((Span){part->span.file, start, start + 2}),
                                "`$%c` of a script holds the plan's own values", next);
            report_help(c, diag, "name the value: `${name}`");
        }
    }
    return quote;
}

static bool spreads(const Node *node)
{
    for node_each(part, node->command.parts) {
        if (part->kind == NODE_INTERP && part->interp.spread) return true;
    }
    return false;
}

/* A value where it stands in a script, in whatever quotes. A script that spreads a list keeps its other values in
 * variables, so that `"$@"` is the list alone. */
static void add_value(Checker *c, Node *part, Command *command, Quote quote, bool in_variables, Buffer *script)
{
    static const char *const around[] = {
        [QUOTE_NONE] = "\"", [QUOTE_SINGLE] = "'\"", [QUOTE_DOUBLE] = ""};
    static const char *const after[] = {[QUOTE_NONE] = "\"", [QUOTE_SINGLE] = "\"'", [QUOTE_DOUBLE] = ""};
    check_command_value(c, part);
    if (!part->interp.spread) {
        command->values[command->value_count++] = part->interp.value;
        buffer_printf(script, "%s${%s%zu}%s", around[quote], in_variables ? "plan_" : "", command->value_count,
                      after[quote]);
        return;
    }
    if (command->spread) {
        Diag *diag = report(c, P0509, part->span, "a script takes one list, and this is the second");
        report_second(c, diag, command->spread->span, "the first one");
    }
    command->spread = part->interp.value;
    buffer_printf(script, "%s$@%s", around[quote], after[quote]);
}

/* The script's first words put the values into variables; they stand on its first line, so that its lines keep their
 * numbers. */
static Str with_variables(Checker *c, const Command *command, Str script)
{
    if (!command->spread || !command->value_count) return script;
    Buffer whole = {0};
    for (size_t i = 1; i <= command->value_count; i++)
        buffer_printf(&whole, "plan_%zu=${%zu}; ", i, i);
    buffer_printf(&whole, "shift %zu; %.*s", command->value_count, STR_ARG(script));
    Str text = arena_copy(c->arena, buffer_str(&whole));
    buffer_free(&whole);
    return text;
}

static void make_script(Checker *c, Node *node, Command *command)
{
    Buffer script = {0};
    Quote quote = QUOTE_NONE;
    bool reported = false, in_variables = spreads(node);
    command->values = arena_array(c->arena, Node *, node->command.parts.count + 1);
    int64_t *places = arena_array(c->arena, int64_t, node->command.parts.count + 1), *place = places;
    for node_each(part, node->command.parts) {
        *place++ = (int64_t)script.len;
        if (part->kind == NODE_TEXT) {
            if (!part->text.escaped) quote = scan_script(c, part, quote, &reported);
            buffer_add_str(&script, part->text.text);
            continue;
        }
        if (part->kind == NODE_INTERP) add_value(c, part, command, quote, in_variables, &script);
    }
    command->is_script = true;
    Str whole = buffer_str(&script), trimmed = str_trim(whole);
    command->script = with_variables(c, command, arena_copy(c->arena, trimmed));
    int64_t before = trimmed.len ? (int64_t)(command->script.len - trimmed.len) - (trimmed.data - whole.data) : 0;
    while (place > places)
        *--place += before;
    command->places = places;
    if (!command->script.len) report(c, P0509, node->span, "this script is empty");
    buffer_free(&script);
}

void check_command(Checker *c, Node *node, Command *command)
{
    bool guarded = c->guarded;
    c->guarded = false;
    if (node->command.shell)
        make_script(c, node, command);
    else
        split_words(c, node, command);
    c->guarded = guarded;
}

void check_secret_command(Checker *c, Node *node)
{
    Note *note = note_new(c, node, NOTE_COMMAND);
    check_command(c, node, &note->command);
    node->type = c->result;
}

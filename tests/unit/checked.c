/* What the checker writes on the tree: words of commands, scripts, conversions, captured names, order of
 * severities. */
#include "compiler/check/checked.h"
#include "tests/unit/check.h"

#include <string.h>

typedef struct Case {
    Arena arena;
    SourceSet sources;
    Diagnostics diagnostics;
    Program *program;
} Case;

static void begin(Case *test, const char *text)
{
    *test = (Case){0};
    TypeTable *types = types_new(&test->arena);
    test->program = check_text(&test->arena, &test->sources, types, STR("case.plan"), str_from_c(text),
                               &test->diagnostics);
    CHECK(test->program != NULL);
}

static void end(Case *test)
{
    diagnostics_free(&test->diagnostics);
    source_set_free(&test->sources);
    arena_free(&test->arena);
}

typedef struct Found {
    NodeKind kind;
    size_t skip;
    Node *node;
} Found;

static void find_child(Node *child, void *context)
{
    Found *found = context;
    if (found->node) return;
    if (child->kind == found->kind && found->skip-- == 0) {
        found->node = child;
        return;
    }
    node_children(child, find_child, context);
}

/* The nth node of the kind in the file, from 0. */
static Node *find(const Case *test, NodeKind kind, size_t nth)
{
    Found found = {kind, nth, NULL};
    node_children(test->program->root->root, find_child, &found);
    return found.node;
}

/* The words with their values as <>, separated by |. */
static Str words_of(Case *test, const Command *command)
{
    Buffer text = {0};
    for (size_t i = 0; i < command->word_count; i++) {
        if (i) buffer_add_char(&text, '|');
        for (size_t p = 0; p < command->words[i].part_count; p++) {
            const CommandPart *part = &command->words[i].parts[p];
            if (part->expr)
                buffer_add_c(&text, part->spread ? "<...>" : "<>");
            else
                buffer_add_str(&text, part->text);
        }
    }
    Str copy = arena_copy(&test->arena, buffer_str(&text));
    buffer_free(&text);
    return copy;
}

static void check_words_of(const char *literal, const char *words)
{
    Case test;
    char text[1024];
    snprintf(text, sizeof text,
             "service \"S\" { owner \"o\" }\nlet x = \"v\"\nlet xs = [\"a\"]\nplan p \"P\" { step \"A\" {\n  "
             "  observe "
             "%s\n} }\n",
             literal);
    begin(&test, text);
    CHECK_INT((int64_t)test.diagnostics.errors, 0);
    Node *command = find(&test, NODE_COMMAND, 0);
    Effect *effect = command ? node_effect(command) : NULL;
    if (CHECK(effect != NULL)) CHECK_STR_C(words_of(&test, &effect->command), words);
    end(&test);
}

static void words(void)
{
    check_words_of("`list a  b`", "list|a|b");
    check_words_of("`list 'a b' \"c d\" e\\ f`", "list|a b|c d|e f");
    check_words_of("`list ''`", "list|");
    check_words_of("`list a'b'\"c\"d`", "list|abcd");
    check_words_of("`list ${x} '${x}' \"a ${x}\"`", "list|<>|<>|a <>");
    check_words_of("`list --name=${x}/${x}`", "list|--name=<>/<>");
    check_words_of("`list ${xs...} end`", "list|<...>|end");
    check_words_of("`list 'a|b;$c*' \"\\$d \\\"e\\\"\"`", "list|a|b;$c*|$d \"e\"");
    check_words_of("`list \\${x}`", "list|${x}");
    check_words_of("```\n      list one\n        --two\n        -t three \\\n        four\n      ```",
                   "list|one|--two|-t|three|four");
}

static void check_script_of(const char *literal, const char *script, size_t values)
{
    Case test;
    char text[1024];
    snprintf(
        text, sizeof text,
        "service \"S\" { owner \"o\" }\nlet x = \"v\"\nplan p \"P\" { step \"A\" {\n    observe sh %s\n} }\n",
        literal);
    begin(&test, text);
    CHECK_INT((int64_t)test.diagnostics.errors, 0);
    Node *command = find(&test, NODE_COMMAND, 0);
    Effect *effect = command ? node_effect(command) : NULL;
    if (CHECK(effect != NULL)) {
        CHECK(effect->command.is_script);
        CHECK_STR_C(effect->command.script, script);
        CHECK_INT((int64_t)effect->command.value_count, (int64_t)values);
    }
    end(&test);
}

/* A value is a parameter in whatever quotes it stands. */
static void scripts(void)
{
    check_script_of("`ps | grep ${x}`", "ps | grep \"${1}\"", 1);
    check_script_of("`echo \"a ${x}\" '${x}' ${x}`", "echo \"a ${1}\" ''\"${2}\"'' \"${3}\"", 3);
    check_script_of("`echo \"$HOME\" '$1'`", "echo \"$HOME\" '$1'", 0);
}

static void conversions(void)
{
    Case test;
    begin(&test,
          "service \"S\" { owner \"o\" }\nlet a: string? = \"x\"\nlet b: json = {n: 1, t: \"x\", l: [1]}\n"
          "let c = 1 + 2.5\nlet d: string? = none\n");
    CHECK_INT((int64_t)test.diagnostics.errors, 0);
    const Node *a = find(&test, NODE_LET, 0)->let.value, *b = find(&test, NODE_LET, 1)->let.value;
    CHECK(a->type->kind == TYPE_STRING && node_goal(a) && node_goal(a)->kind == TYPE_OPTIONAL);
    CHECK(b->type->kind == TYPE_JSON && !node_goal(b));
    const Node *n = b->map.entries.first->entry.value;
    CHECK(n->type->kind == TYPE_INT && node_goal(n) && node_goal(n)->kind == TYPE_JSON);
    const Node *c = find(&test, NODE_LET, 2)->let.value;
    CHECK(c->binary.left->type->kind == TYPE_FLOAT);
    CHECK(find(&test, NODE_LET, 3)->let.value->type->kind == TYPE_OPTIONAL);
    end(&test);
}

static void captures(void)
{
    Case test;
    begin(&test, "service \"S\" { owner \"o\" }\nfn f(xs: [int], by: int, plain: int) -> [int] {\n"
                 "  return xs.map(x => x * by)\n}\n");
    Symbol *f = test.program->fns.items[test.program->fns.count - 1];
    CHECK_INT((int64_t)f->param_count, 3);
    CHECK(!f->params[0]->is_captured && f->params[1]->is_captured && !f->params[2]->is_captured);
    end(&test);
}

static void arguments(void)
{
    Case test;
    begin(&test, "service \"S\" { owner \"o\" }\nfn f(a: int, b: int = 2, c: int = 3) -> int { return a }\n"
                 "let x = f(1, c: 4)\n");
    Call *call = node_call(find(&test, NODE_LET, 0)->let.value);
    if (CHECK(call && call->arg_count == 3)) {
        CHECK(call->args[0] && !call->args[1] && call->args[2]);
        CHECK_INT(call->args[2]->integer.value, 4);
    }
    end(&test);
}

static void severities(void)
{
    Case test;
    begin(
        &test,
        "service \"S\" { owner \"o\" }\nseverity BAD \"b\" { respond within 1h }\nseverity MILD \"m\" { }\n");
    CHECK_INT((int64_t)test.program->severity->member_count, 2);
    CHECK_STR_C(test.program->severity->members[0], "BAD");
    CHECK_INT(test.program->severities.items[1]->index, 1);
    end(&test);
}

int main(void)
{
    words();
    scripts();
    conversions();
    captures();
    arguments();
    severities();
    return check_done();
}

/* The front end: every mistake has its code and line, one message each; every word that may be a name is one;
 * what the tree holds where the checker relies on it. Golden trees are in tests/parse, tokens in tests/lex.
 */
#include "compiler/syntax/parse.h"
#include "compiler/syntax/token.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

typedef struct Parsed {
    SourceSet sources;
    Diagnostics diagnostics;
    Arena arena;
    Node *file;
} Parsed;

static void parse_text(Parsed *parsed, Str text)
{
    *parsed = (Parsed){0};
    SourceFile *file = source_add(&parsed->sources, STR("t.plan"), text);
    parsed->file = parse_file(&parsed->arena, &parsed->sources, file->id, &parsed->diagnostics);
    diagnostics_sort(&parsed->diagnostics);
}

static void parsed_free(Parsed *parsed)
{
    arena_free(&parsed->arena);
    diagnostics_free(&parsed->diagnostics);
    source_set_free(&parsed->sources);
}

/* "P0101@3 P0102@5": what is said about a text. */
static void said(Str text, Buffer *out)
{
    Parsed parsed;
    parse_text(&parsed, text);
    for (size_t i = 0; i < parsed.diagnostics.items.count; i++) {
        const Diag *diag = parsed.diagnostics.items.items[i];
        if (diag->dropped) continue;
        uint32_t line = source_place(source_file(&parsed.sources, 0), diag->at.start).line;
        buffer_printf(out, "%s%s@%u", out->len ? " " : "", diag_code_text(diag->code), line);
    }
    parsed_free(&parsed);
}

static void expect_said(const char *text, const char *expected, int line)
{
    Buffer out = {0};
    said(str_from_c(text), &out);
    if (!str_equal(buffer_str(&out), str_from_c(expected))) {
        check_failures++;
        fprintf(stderr, "tests/unit/parse.c:%d: said \"%s\", expected \"%s\" about:\n%s\n", line,
                out.data ? out.data : "", expected, text);
    }
    buffer_free(&out);
}

/* A text, what is said about it; in a file, in a step, in a drill. */
#define SAYS(text, expected) expect_said(text, expected, __LINE__)
#define STEP_SAYS(text, expected)                                                                            \
    expect_said("plan p \"x\" {\n  step \"s\" {\n" text "\n  }\n  step \"t\" { note \"ok\" }\n}\n",          \
                expected, __LINE__)
#define DRILL_SAYS(text, expected) expect_said("drill \"d\" of p {\n" text "\n}\n", expected, __LINE__)

static void test_first_words(void)
{
    STEP_SAYS("need approval from head", "P0102@3");
    STEP_SAYS("frobnicate", "P0102@3");
    STEP_SAYS("5 + 3", "P0102@3");
    STEP_SAYS("contact foo { }", "P0102@3");
    STEP_SAYS("http.post(\"x\")", "P0108@3");
    STEP_SAYS("page(x)", "P0101@3");
    STEP_SAYS("`kubectl get pods`", "P0109@3");
    STEP_SAYS("note \"a\"\nnoet \"b\"\nwiat 5m\nnote \"c\"", "P0102@4 P0102@5");
    SAYS("plam p \"x\" { step \"s\" { note \"x\" } }", "P0102@1");
    SAYS("match x { }\nparam a = 1", "P0102@1");
    SAYS("role r { primery lead }", "P0102@1");
    DRILL_SAYS("comand `x` gives \"ok\"", "P0102@2");
}

static void test_expressions(void)
{
    STEP_SAYS("if a = b { note \"x\" }", "P0114@3");
    STEP_SAYS("let x = 1 + if a then b else c", "P0118@3");
    STEP_SAYS("let x = a or run b()", "P0118@3");
    STEP_SAYS("let x = 1 + ask \"q\"", "P0118@3");
    STEP_SAYS("let x = a && b || !c", "P0103@3 P0103@3 P0103@3");
    STEP_SAYS("let x = if a { 1 } else { 2 }", "P0101@3");
    STEP_SAYS("let x = `ls`", "P0109@3");
    STEP_SAYS("let x = f(`ls`)", "P0109@3");
    STEP_SAYS("let x = observe f(`ls`)", "P0109@3");
    STEP_SAYS("let x = observe `ls`.out.lines()", "");
    STEP_SAYS("let x = (a + 1) => 2", "P0101@3");
    STEP_SAYS("let = 5", "P0101@3");
    SAYS("param x = {a: 1, b 2}", "P0101@1");
    SAYS("param x = a ?? fail 5", "P0101@1");
    SAYS("param x = 5 5\nparam y = 6 6", "P0101@1 P0101@2");
    SAYS("param x = ${a}", "P0103@1");
}

static void test_statements(void)
{
    STEP_SAYS("run kubectl get pods -n x", "P0101@3");
    STEP_SAYS("run foo", "P0119@3");
    STEP_SAYS("observe foo.bar", "P0119@3");
    STEP_SAYS("manual \"x\" for 5m", "P0101@3");
    STEP_SAYS("note \"x\" timeout 5m", "P0101@3");
    STEP_SAYS("verify x within 5m within 6m", "P0112@3");
    STEP_SAYS("run `x` with (timeout: 5s) with (dir: \"x\")", "P0101@3");
    STEP_SAYS("notify x progress()", "P0101@3");
    STEP_SAYS("x[1][2] = 5", "P0113@3");
    STEP_SAYS("f(x) = 5", "P0113@3");
    STEP_SAYS("a.b[1] += 5", "P0113@3");
    STEP_SAYS("if a { note \"x\" }\nelse note \"y\"", "P0101@4");
    STEP_SAYS("if a b\nnote \"x\"\nnoet \"y\"", "P0101@3 P0102@5");
    STEP_SAYS("repeat until { noet \"x\" }", "P0101@3");
    STEP_SAYS("match x { 1 => note \"x\"\nelse => note \"y\" }", "P0101@4");
    STEP_SAYS("repeat every 5s { note \"x\" }", "P0119@3");
    STEP_SAYS("let y = f({a: 1\n b 2\n c: 3})\nnoet \"x\"", "P0101@4 P0102@6");
    STEP_SAYS("wait until { note \"x\" }", "P0101@3");
}

static void test_shape(void)
{
    STEP_SAYS("symptom \"x\"", "P0110@3");
    STEP_SAYS("note \"x\"\ntimeout 5m", "P0111@4");
    STEP_SAYS("timeout 5m\ntimeout 6m", "P0112@4");
    STEP_SAYS("step \"u\" { }", "P0110@3");
    STEP_SAYS("remedy \"u\" { }", "P0110@3");
    STEP_SAYS("if a { only if b }", "P0110@3");
    STEP_SAYS("return 5", "P0110@3");
    STEP_SAYS("stop phase \"x\"", "P0110@3");
    SAYS("plan p { phase \"a\" { phase \"b\" { } } }", "P0110@1");
    SAYS("plan p { remedies \"r\" until a within 1m every 5s { note \"x\" } }", "P0110@1");
    SAYS("plan p { watch \"w\" when a { } }", "P0119@1");
    SAYS("plan p { watch \"w\" every 5s { } }", "P0119@1");
    SAYS("param x", "P0119@1");
    SAYS("fn f(a) { }", "P0119@1");
    SAYS("template t { title \"a\"; title \"b\" }", "P0112@1");
    SAYS("contact c { phone \"1\"; reach by phone; phone \"2\"; reach by sms }", "P0112@1 P0112@1");
    SAYS("severity S { respond within 5m\nrespond within 6m }", "P0112@2");
}

static void test_declarations(void)
{
    SAYS("contact c \"x\" { reach pager }", "P0101@1");
    SAYS("severity S { respond in 1h }", "P0101@1");
    SAYS("severity S", "P0101@1");
    SAYS("escalation e { when unacknowledged 15m page lead }", "P0101@1");
    SAYS("contact c { phone \"1\"\nreach by pager,\nbackup lead }", "P0101@3");
    SAYS("import std/slack", "P0101@1");
    SAYS("plan p \"x\" {\n  phase \"x\" in 5m {\n    step \"s\" { noet \"x\" }\n  }\n}", "P0101@2 P0102@3");
    DRILL_SAYS("oncall aknowledges after 5m\nhttp GET \"x\" give 5\nexpect payed lead",
               "P0101@2 P0101@3 P0101@4");
    DRILL_SAYS("expect done \"x\" befor 5m\nexpect resolved", "P0101@2");
    DRILL_SAYS("http GET \"x\" gives 503 before 1m then gives 200", "P0101@2");
}

static void test_texts(void)
{
    STEP_SAYS("note \"abc\nnote \"d\"", "P0104@3");
    STEP_SAYS("note 'abc'", "P0103@3");
    STEP_SAYS("note \"a\\qb\"", "P0105@3");
    STEP_SAYS("note \"\\u{110000}\"", "P0105@3");
    STEP_SAYS("note \"\\u{1F4DF} \\t \\$ \\\\\"", "");
    STEP_SAYS("run `kubectl -n ${ns get pods`", "P0116@3");
    STEP_SAYS("note \"${a", "P0116@3");
    STEP_SAYS("note \"${a b} ${c}\"", "P0101@3");
    STEP_SAYS("note \"${}\"", "P0101@3");
    STEP_SAYS("note \"${f(\"x\", {a: 1})} b\"", "");
    SAYS("param x = \"\"\"\n  abc", "P0104@1");
    SAYS("param x = 1\nstep \"Look {\n  note \"x\"\n}", "P0104@2");
    SAYS("plan p {\n step \"Look {\n  noet \"x\"\n }\n}", "P0104@2 P0102@3");
    SAYS("param x = \"a\xff\"", "P0115@1");
    SAYS("param x = \xe2\x80\x9c"
         "a\xe2\x80\x9d",
         "P0103@1");
    SAYS("\xef\xbb\xbfparam x = 1", "");
    SAYS("#!/usr/bin/planvm\r\nparam x = 1\r\n", "");
}

static void test_numbers(void)
{
    SAYS("param x = 5min", "P0106@1");
    SAYS("param x = 1.5h", "P0106@1");
    SAYS("param x = 5d1d", "P0106@1");
    SAYS("param x = 5m1h", "P0106@1");
    SAYS("param x = 99999999999999999999", "P0106@1");
    SAYS("param x = 999999999999d", "P0106@1");
    SAYS("param x = 2026-02-30", "P0106@1");
    SAYS("param x = 2024-02-29", "");
    SAYS("param x = 24:00", "P0106@1");
    SAYS("param x = 9:30", "P0106@1");
    SAYS("param x = 3abc", "P0106@1");
    SAYS("param x = 10 % 3", "P0103@1");
}

static void test_brackets(void)
{
    STEP_SAYS("let x = (1 + 2\nnoet \"x\"", "P0107@3 P0102@4");
    STEP_SAYS("let x = [1, 2\nnote \"x\"", "P0107@3");
    STEP_SAYS("let x = 1)\nnote \"x\"", "P0107@3");
    SAYS("plan p \"x\" {\n  step \"a\" {\n    note \"x\"\n  step \"b\" {\n    noet \"y\"\n  }\n}\nparam a",
         "P0107@2 P0102@5 P0119@8");
    SAYS("plan p \"x\" {\n  step \"a\"\n    note \"x\"\n  }\n}\nparam a", "P0107@2 P0119@6");
    SAYS("plan p \"x\" {\n  step \"a\" {\n    note \"x\"\n    }\n  }\n}\nparam a", "P0107@4 P0119@7");
    SAYS("plan p \"x\" {\n  step \"a\" {\n    note \"x\" }\n", "P0107@1");
}

static void test_three_mistakes(void)
{
    SAYS("param a = 5min\nplan p \"x\" {\n  step \"s\" {\n    need approval from head\n  }\n}\nseverity S { "
         "respond in 1h }\n",
         "P0106@1 P0102@4 P0101@7");
}

/* Every word that is not reserved is a name wherever one may stand; a reserved one after `.` and before `:`.
 */
static void test_names(void)
{
    static const char *const open_places[] = {
        "param %s = 1\nlet %s = %s + 1\nfn f(%s: int) -> %s { %s = 5; let a = x.%s; return %s }",
        "plan %s(%s) \"x\" { step \"s\" { let %s = f(%s, %s: %s); %s.a = 5; %s += 1; wait %s; notify %s "
        "\"x\"; page %s } }",
        "plan p { step \"s\" { for %s in %s { note \"${%s}\" }; if %s { wait 1s }; if let %s = x { }; match "
        "%s { %s => note \"x\" } } }",
        "plan p { step \"s\" { let x = {%s: 1}; let y = xs.map(%s => %s.b); run %s(%s); let z = (%s, b) => "
        "1; %s[1] = 2 } }",
        "contact %s \"x\" { title \"y\"; reach by %s, x.%s }\nrole %s { primary %s }\nchannel %s = "
        "%s(1)\nrecord %s { %s: int }",
        "severity %s { escalate by %s }\nescalation %s { at once page %s; when %s > 1 checked every 5s page "
        "%s }\nenum E { %s }",
    };
    static const char *const any_places[] = {"param x = a.%s", "param x = {%s: 1}", "fn f(%s: int) { }",
                                             "param x = f(%s: 1)"};
    const Keyword *keyword;
    for (size_t i = 0; (keyword = keyword_at(i)) != NULL; i++) {
        for (size_t p = 0;
             p < sizeof any_places / sizeof any_places[0] + sizeof open_places / sizeof open_places[0]; p++) {
            size_t any_count = sizeof any_places / sizeof any_places[0];
            if (p >= any_count && keyword->reserved) continue;
            Buffer text = {0}, out = {0};
            for (const char *c = p < any_count ? any_places[p] : open_places[p - any_count]; *c; c++) {
                if (*c == '%')
                    buffer_add_c(&text, keyword->text), c++;
                else
                    buffer_add_char(&text, *c);
            }
            said(buffer_str(&text), &out);
            if (out.len > 0) {
                check_failures++;
                fprintf(stderr, "`%s` is no name: %s in\n%s\n", keyword->text, out.data, text.data);
            }
            buffer_free(&text);
            buffer_free(&out);
        }
    }
}

static void test_keywords(void)
{
    for (size_t i = 0; keyword_at(i + 1) != NULL; i++)
        CHECK(str_compare(str_from_c(keyword_at(i)->text), str_from_c(keyword_at(i + 1)->text)) < 0);
    for (size_t i = 0; keyword_at(i) != NULL; i++)
        CHECK(keyword_find(str_from_c(keyword_at(i)->text)) == keyword_at(i));
    CHECK(keyword_find(STR("kubectl")) == NULL);
}

static void test_tree(void)
{
    Parsed parsed;
    Str text = STR("## Where it runs.\nparam ns = \"a\\tb${x}c\"  ## second\nplan p {\n step \"s\" { run `a "
                   "\\`b ${c} d` } }\n"
                   "let t = \"\"\"\n    one\n      two\n    \"\"\"\n");
    parse_text(&parsed, text);
    CHECK_INT((int64_t)parsed.diagnostics.errors, 0);
    const Node *param = parsed.file->file.items.first;
    CHECK_INT(param->kind, NODE_PARAM);
    CHECK_STR_C(param->param.doc, "Where it runs.\nsecond");
    CHECK_STR_C(param->param.name, "ns");
    CHECK_INT((int64_t)param->param.value->string.parts.count, 3);
    CHECK_STR_C(param->param.value->string.parts.first->text.text, "a\tb");
    const Node *plan = param->next, *run = plan->plan.body.first->step.body.first;
    CHECK_INT(run->kind, NODE_RUN);
    /* Each plain part of a command has exactly the bytes of its span. */
    NodeList parts = run->run.effect->command.parts;
    CHECK_INT((int64_t)parts.count, 5);
    for
        node_each(part, parts) if (part->kind == NODE_TEXT && !part->text.escaped)
            CHECK_STR(part->text.text, source_text(&parsed.sources, part->span));
    CHECK(parts.first->next->text.escaped);
    CHECK_STR_C(parts.first->next->text.text, "`");
    Str block;
    CHECK(node_plain_text(&parsed.arena, plan->next->let.value, &block));
    CHECK_STR_C(block, "one\n  two");
    parsed_free(&parsed);
}

static void test_precedence(void)
{
    Parsed parsed;
    parse_text(&parsed, STR("let a = observe f().x as int >= 1 + 2 * 3 and not b ?? c == d\n"));
    CHECK_INT((int64_t)parsed.diagnostics.errors, 0);
    const Node *value = parsed.file->file.items.first->let.value;
    CHECK_INT(value->kind, NODE_BINARY);
    CHECK_INT(value->binary.op, BINARY_AND);
    CHECK_INT(value->binary.left->binary.op, BINARY_GE);
    CHECK_INT(value->binary.left->binary.left->kind, NODE_CAST);
    CHECK_INT(value->binary.left->binary.left->cast.value->kind, NODE_OBSERVE);
    CHECK_INT(value->binary.right->kind, NODE_UNARY);
    CHECK_INT(value->binary.right->unary.operand->binary.op, BINARY_EQ);
    CHECK_INT(value->binary.right->unary.operand->binary.left->kind, NODE_DEFAULT);
    parsed_free(&parsed);
}

/* Deep nesting is a message, not a crash. */
static void test_depth(void)
{
    Buffer text = {0}, out = {0};
    buffer_add_c(&text, "param x = ");
    for (int i = 0; i < 100000; i++)
        buffer_add_char(&text, '(');
    buffer_add_char(&text, '1');
    for (int i = 0; i < 100000; i++)
        buffer_add_char(&text, ')');
    said(buffer_str(&text), &out);
    CHECK_STR_C(buffer_str(&out), "P0117@1");
    buffer_free(&text);
    buffer_free(&out);
}

static void test_renderers(void)
{
    Parsed parsed;
    Buffer out = {0};
    parse_text(&parsed, STR("plan p {\n  step \"s\" {\n    need approval from \"é\"\n  }\n}\n"));
    diag_render_text(&parsed.diagnostics, &parsed.sources, false, &out);
    CHECK_STR_C(buffer_str(&out),
                "t.plan:3:5: error[P0102]: there is no statement `need`; did you mean `needs`?\n"
                "    3 |     need approval from \"é\"\n      |     ^~~~\n  help: write `needs`\n");
    buffer_clear(&out);
    diag_render_json(&parsed.diagnostics, &parsed.sources, &out);
    CHECK_CONTAINS(buffer_str(&out),
                   "\"code\":\"P0102\",\"severity\":\"error\",\"message\":\"there is no statement");
    CHECK_CONTAINS(buffer_str(&out),
                   "\"file\":\"t.plan\",\"line\":3,\"column\":5,\"end_line\":3,\"end_column\":9,"
                   "\"offset\":26,\"end_offset\":30,\"help\":\"write `needs`\",\"related\":[]}");
    buffer_free(&out);
    parsed_free(&parsed);
}

int main(void)
{
    test_first_words();
    test_expressions();
    test_statements();
    test_shape();
    test_declarations();
    test_texts();
    test_numbers();
    test_brackets();
    test_three_mistakes();
    test_names();
    test_keywords();
    test_tree();
    test_precedence();
    test_depth();
    test_renderers();
    return check_done();
}

/* The grammar: tokens → Node.
 *
 * In: the tokens of compiler/syntax/token.h after the token pass. Out: NODE_FILE. Actions build nodes and do nothing else.
 * Every keyword that is not reserved is a name too; the lists @names, @fields and @lines are filled in from keywords.def
 * (grammar/expand.awk), so that the automaton itself proves that one token decides each use: keep %expect 0.
 * Every line of a list ends with NL; the token pass has already dropped the newlines that end nothing. */
%code requires {
#include "compiler/syntax/build.h"
#include "compiler/syntax/messages.h"
}
%define api.pure full
%define api.value.type union
%define api.location.type {Span}
%define api.token.prefix {TOK_}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param { Parse *cx }

%code {
#define YYMAXDEPTH 20000
_Static_assert(sizeof(YYSTYPE) == sizeof(NodeList), "it is moved for each symbol");
#define YYLLOC_DEFAULT(current, rhs, n)                                                                      \
    do {                                                                                                     \
        (current).file = cx->file->id;                                                                       \
        (current).start = (n) ? YYRHSLOC(rhs, 1).start : YYRHSLOC(rhs, 0).end;                               \
        (current).end = (n) ? YYRHSLOC(rhs, n).end : YYRHSLOC(rhs, 0).end;                                   \
    } while (0)
/* A node of a kind with fields: MAKE(STEP, step, @$, .title = $2). */
#define MAKE(kind, member, span, ...) make_##member(cx, (span), &(struct Ast_##member){__VA_ARGS__})
#define LEAF_NODE(kind, span) node_new(cx->arena, NODE_##kind, (span))
#define NAMED(field, token) .field = token_text(token), .field##_span = (token)->span
#define BINARY(operator, at, a, b) MAKE(BINARY, binary, at, .op = operator, .left = a, .right = b)
#define NO_TITLE(span) MAKE(STRING, string, span, .block = false)
#define ELSE_FIELDS(block) .has_else = (block) != NULL, .otherwise = (block) ? *(block) : (NodeList){0}
#define ONCE_ONLY(slot, value, at, what) (slot) = build_once(cx, (slot), (value), (at), (what))

static int yylex(YYSTYPE *value, Span *span, Parse *cx);
static void yyerror(const Span *span, Parse *cx, const char *message);
}

%token YYEOF 0 "the end of the file"
%token NL "the end of the line"
%token <const Token *> IDENT "a name"
%token <const Token *> INT_LITERAL "a number" FLOAT_LITERAL "a number with a fraction" PERCENT_LITERAL "a percentage"
%token <const Token *> DURATION_LITERAL "a duration" DATE_LITERAL "a date" TIME_LITERAL "a time of day"
%token <const Token *> STRING_BEGIN "a string" COMMAND_BEGIN "a command" TEXT "text"
%token STRING_END "the end of the string" COMMAND_END "the end of the command"
%token INTERP "`${`" INTERP_REQUIRED "`${required`" INTERP_END "the `}` of `${`"
%token EQ "`==`" NE "`!=`" LE "`<=`" GE "`>=`" ARROW "`->`" FAT "`=>`" PLUS_ASSIGN "`+=`" ABSENT "`??`"
%token SPREAD "`...`" RANGE "`..`" AT_LEAST "`at least`" AT_MOST "`at most`" WORSE_THAN "`worse than`"
%token NOTIFY_REQUIRED "`notify required`"
%token ASSIGN_TO "`=`" LT "`<`" GT "`>`" PLUS "`+`" MINUS "`-`" STAR "`*`" SLASH "`/`" QUESTION "`?`"
%token DOT "`.`" COMMA "`,`" COLON "`:`" SEMI "`;`" LPAREN "`(`" RPAREN "`)`" LBRACKET "`[`" RBRACKET "`]`"
%token LBRACE "`{`" RBRACE "`}`"
@tokens

/* For `expr` and `sum` alone. A nonterminal for each level would say the same, but nearly every expression is a name or a
 * literal, which would be reduced once a level. tests/lint/grammar.sh sees that nothing else is decided by these. */
%left OR
%left AND
%precedence NOT
%left PLUS MINUS
%left STAR SLASH MOD
%precedence AS
%precedence NEGATION

%type <const Token *> name field_name line_name
%type <Node *> top import service service_field param secret secret_source host channel contact field
%type <Node *> rotation rotation_field role role_field calendar calendar_field days dates date date_time moment
%type <Node *> severity severity_field classify classify_arm escalation rule trigger rule_deed template template_field
%type <Node *> fn fn_head parameter record record_field enumeration enum_member external external_item handle
%type <Node *> plan drill promise promise_kind recurring opt_from opt_type opt_default opt_width
%type <Node *> constant variable
%type <Node *> item block_item if_statement statement page notify message page_message
%type <Node *> only_step on_failure needs needs_otherwise starts label_test setting setting_value phase window phase_limit
%type <Node *> arm check ask acknowledgement_question limit_count
%type <Node *> full expr comparison fallback range sum postfix primary
%type <Node *> observation run_expression rhs literal string command command_literal map_entry arg opt_unknown
%type <Node *> lambda choose condition part ask_list
%type <Node *> dotted line_dotted ref reference duration type type_atom type_result opt_result call_ref
%type <Node *> drill_line drill_request answer_head pattern fact fact_head signal signal_head fact_severity drill_at_when
%type <Node *> opt_title opt_because opt_by opt_within opt_string opt_at_once
%type <NodeList> any_of tops service_fields contact_fields rotation_fields role_fields calendar_fields severity_fields
%type <NodeList> classify_arms rules template_fields fn_body params param_list opt_params record_fields enum_members
%type <NodeList> external_items block late_block items arms arm_body patterns checks args arg_list opt_with opt_args strings refs
%type <NodeList> targets dotted_list values value_list day_list date_list providers label_tests settings parts elements element_list
%type <NodeList> entries entry_list names lambda_names types type_list drill_lines facts opt_label_tests opt_settings
%type <Answers *> answers
%type <Answer> answer
%type <Limits *> limits repeat_limits watch_limits
%type <NodeList *> opt_else
%type <DrillSignal> swept
%type <bool> opt_or_never opt_not opt_strict opt_or_starter opt_secret
%type <BinaryOp> comparison_sign
%start file

%%
file: tops { cx->root->file.items = $1; }
    ;
tops: %empty { $$ = build_list(NULL); }
    | tops top NL { $$ = build_declaration(cx, $1, $2); }
    | tops error NL { $$ = $1; yyerrok; }
    ;
top: import | service | param | secret | host | channel | contact | rotation | role | calendar | severity | classify
    | escalation | template | fn | record | enumeration | external | plan | drill | promise | recurring | constant
    | variable
    ;

/* ---- names and references ---- */

name: IDENT
@names
    ;
field_name: IDENT
@fields
    ;
line_name: IDENT
@lines
    ;
dotted: name { $$ = build_name(cx, $1); }
    | dotted DOT IDENT { $$ = MAKE(MEMBER, member, @$, .object = $1, NAMED(name, $3)); }
    ;
line_dotted: line_name { $$ = build_name(cx, $1); }
    | line_dotted DOT IDENT { $$ = MAKE(MEMBER, member, @$, .object = $1, NAMED(name, $3)); }
    ;
ref: dotted
    | MISSING string { $$ = MAKE(MISSING, missing, @$, .text = $2); }
    ;
refs: ref { $$ = build_list($1); }
    | refs COMMA ref { $$ = build_more($1, $3); }
    ;
call_ref: dotted
    | dotted LPAREN args RPAREN { $$ = MAKE(CALL, call, @$, .callee = $1, .args = $3); }
    ;
reference: call_ref
    | MISSING string { $$ = MAKE(MISSING, missing, @$, .text = $2); }
    ;
dotted_list: dotted { $$ = build_list($1); }
    | dotted_list COMMA dotted { $$ = build_more($1, $3); }
    ;
targets: dotted { $$ = build_list($1); }
    | LBRACKET dotted_list RBRACKET { $$ = $2; }
    | LBRACKET dotted_list COMMA RBRACKET { $$ = $2; }
    ;
names: name { $$ = build_list(build_name(cx, $1)); }
    | names COMMA name { $$ = build_more($1, build_name(cx, $3)); }
    ;
duration: DURATION_LITERAL { $$ = MAKE(DURATION, duration, @$, .value = $1->value.integer); }
    | DURATION_LITERAL OF dotted { $$ = MAKE(DURATION, duration, @1, .value = $1->value.integer);
                                   $$ = MAKE(BUSINESS, business, @$, .duration = $$, .calendar = $3); }
    | INT_LITERAL DAY OF dotted { $$ = MAKE(BUSINESS, business, @$, .days = $1->value.integer, .calendar = $4); }
    | INT_LITERAL DAYS OF dotted { $$ = MAKE(BUSINESS, business, @$, .days = $1->value.integer, .calendar = $4); }
    | reference
    | LPAREN full RPAREN { $$ = $2; }
    ;
opt_from: %empty { $$ = NULL; }
    | FROM string { $$ = $2; }
    ;
opt_title: %empty { $$ = NULL; }
    | string
    ;
opt_string: %empty { $$ = NULL; }
    | string
    ;
strings: string { $$ = build_list($1); }
    | strings COMMA string { $$ = build_more($1, $3); }
    ;

/* ---- declarations ---- */

import: IMPORT string { $$ = MAKE(IMPORT, import, @$, .path = $2, .doc = build_doc(cx, @$)); }
    | IMPORT string AS name { $$ = MAKE(IMPORT, import, @$, .path = $2, NAMED(alias, $4), .doc = build_doc(cx, @$)); }
    ;
service: SERVICE string opt_from LBRACE service_fields RBRACE
        { $$ = MAKE(SERVICE, service, @$, .title = $2, .fields = $5, .doc = build_doc(cx, @$), .from = $3); }
    ;
service_fields: %empty { $$ = build_list(NULL); }
    | service_fields service_field NL { $$ = build_more($1, $2); }
    | service_fields error NL { $$ = $1; yyerrok; }
    ;
service_field: field
    | PROVIDES names { $$ = MAKE(PROVIDES, provides, @$, .names = $2); }
    | NEEDS PROGRAM string { $$ = MAKE(NEEDS_PROGRAM, needs_program, @$, .program = $3); }
    | NEEDS PROGRAM string comparison_sign string
        { $$ = MAKE(NEEDS_PROGRAM, needs_program, @$, .program = $3, .op = $4, .version = $5); }
    | REVIEW BY date { $$ = MAKE(REVIEW, review, @$, .date = $3); }
    | REVIEW BY MISSING string { $$ = MAKE(MISSING, missing, @$, .text = $4);
                                 $$ = MAKE(REVIEW, review, @$, .date = $$); }
    | PAGES AT_MOST INT_LITERAL PER duration { $$ = MAKE(PAGES_CAP, pages_cap, @$, .count = $3->value.integer, .per = $5); }
    | PAGES AT_MOST INT_LITERAL PER duration TO ONE CONTACT
        { $$ = MAKE(PAGES_CAP, pages_cap, @$, .count = $3->value.integer, .per = $5, .to_one = true); }
    ;
field: field_name values { $$ = MAKE(FIELD, field, @$, NAMED(name, $1), .values = $2); }
    ;
values: %empty { $$ = build_list(NULL); }
    | value_list
    ;
value_list: range { $$ = build_list($1); }
    | value_list COMMA range { $$ = build_more($1, $3); }
    ;
param: PARAM name opt_type opt_default opt_from
        { $$ = MAKE(PARAM, param, @$, NAMED(name, $2), .type = $3, .value = $4, .doc = build_doc(cx, @$), .from = $5); }
    ;
opt_type: %empty { $$ = NULL; }
    | COLON type { $$ = $2; }
    ;
opt_default: %empty { $$ = NULL; }
    | ASSIGN_TO full { $$ = $2; }
    ;
secret: SECRET name ASSIGN_TO secret_source opt_from
        { $$ = $4; $$->span = @$; $$->secret.name = token_text($2); $$->secret.name_span = $2->span;
          $$->secret.doc = build_doc(cx, @$); $$->secret.from = $5; }
    ;
secret_source: ENV string { $$ = MAKE(SECRET, secret, @$, .source = SECRET_ENV, .value = $2); }
    | FILE string { $$ = MAKE(SECRET, secret, @$, .source = SECRET_FILE, .value = $2); }
    | COMMAND command_literal { $$ = MAKE(SECRET, secret, @$, .source = SECRET_COMMAND, .value = $2); }
    | GENERATE LPAREN full RPAREN { $$ = MAKE(SECRET, secret, @$, .source = SECRET_GENERATE, .value = $3); }
    | MISSING string { $$ = MAKE(MISSING, missing, @$, .text = $2);
                       $$ = MAKE(SECRET, secret, @$, .source = SECRET_MISSING, .value = $$); }
    ;
host: HOST name ASSIGN_TO reference opt_from
        { $$ = MAKE(HOST, host, @$, NAMED(name, $2), .value = $4, .doc = build_doc(cx, @$), .from = $5); }
    ;
channel: CHANNEL name ASSIGN_TO providers opt_from
        { $$ = MAKE(CHANNEL, channel, @$, NAMED(name, $2), .providers = $4, .doc = build_doc(cx, @$), .from = $5); }
    ;
providers: reference { $$ = build_list($1); }
    | providers ELSE reference { $$ = build_more($1, $3); }
    ;
contact: CONTACT name opt_title opt_from LBRACE contact_fields RBRACE
        { $$ = MAKE(CONTACT, contact, @$, NAMED(name, $2), .title = $3, .fields = $6, .doc = build_doc(cx, @$), .from = $4); }
    ;
contact_fields: %empty { $$ = build_list(NULL); }
    | contact_fields field NL { $$ = build_more($1, $2); }
    | contact_fields REACH BY refs NL { $$ = build_more($1, MAKE(REACH, reach, @4, .ways = $4)); }
    | contact_fields ANSWER WITHIN duration NL
        { $$ = build_more($1, MAKE(ANSWER_WITHIN, answer_within, @4, .duration = $4)); }
    | contact_fields BACKUP ref NL { $$ = build_more($1, MAKE(BACKUP, backup, @3, .contact = $3)); }
    | contact_fields error NL { $$ = $1; yyerrok; }
    ;
rotation: ROTATION name opt_title opt_from LBRACE rotation_fields RBRACE
        { $$ = MAKE(ROTATION, rotation, @$, NAMED(name, $2), .title = $3, .fields = $6, .doc = build_doc(cx, @$), .from = $4); }
    ;
rotation_fields: %empty { $$ = build_list(NULL); }
    | rotation_fields rotation_field NL { $$ = build_more($1, $2); }
    | rotation_fields error NL { $$ = $1; yyerrok; }
    ;
rotation_field: ZONE range { $$ = MAKE(FIELD, field, @$, NAMED(name, $1), .values = build_list($2)); }
    | WEEKLY FROM name TIME_LITERAL
        { $$ = MAKE(TIME_OF_DAY, time_of_day, @4, .value = $4->value.integer);
          $$ = MAKE(HANDOVER, handover, @$, NAMED(unit, $1), NAMED(day, $3), .at = $$); }
    | DAILY FROM TIME_LITERAL
        { $$ = MAKE(TIME_OF_DAY, time_of_day, @3, .value = $3->value.integer);
          $$ = MAKE(HANDOVER, handover, @$, NAMED(unit, $1), .at = $$); }
    | WEEKLY FROM date_time { $$ = MAKE(HANDOVER, handover, @$, NAMED(unit, $1), .at = $3); }
    | DAILY FROM date_time { $$ = MAKE(HANDOVER, handover, @$, NAMED(unit, $1), .at = $3); }
    | EVERY DURATION_LITERAL FROM date_time
        { $$ = MAKE(DURATION, duration, @2, .value = $2->value.integer);
          $$ = MAKE(HANDOVER, handover, @$, NAMED(unit, $1), .every = $$, .at = $4); }
    | MEMBERS refs { $$ = MAKE(MEMBERS, members, @$, .contacts = $2); }
    | OVERRIDE moment ref { $$ = MAKE(OVERRIDE, override, @$, .first = $2, .contact = $3,
                                    .nobody = $3->kind == NODE_NAME && str_equal_c($3->name.text, "nobody")); }
    | OVERRIDE moment RANGE moment ref
        { $$ = MAKE(OVERRIDE, override, @$, .first = $2, .last = $4, .contact = $5,
                    .nobody = $5->kind == NODE_NAME && str_equal_c($5->name.text, "nobody")); }
    ;
date: DATE_LITERAL { $$ = MAKE(DATE, date, @$, .text = token_text($1)); }
    ;
date_time: DATE_LITERAL TIME_LITERAL
        { $$ = MAKE(DATE_TIME, date_time, @$, .date = token_text($1), .value = $2->value.integer); }
    ;
moment: date
    | date_time
    ;
role: ROLE name opt_title opt_from LBRACE role_fields RBRACE
        { $$ = MAKE(ROLE, role, @$, NAMED(name, $2), .title = $3, .fields = $6, .doc = build_doc(cx, @$), .from = $4); }
    ;
role_fields: %empty { $$ = build_list(NULL); }
    | role_fields role_field NL { $$ = build_more($1, $2); }
    | role_fields error NL { $$ = $1; yyerrok; }
    ;
role_field: PRIMARY ref { $$ = MAKE(PRIMARY, primary, @$, .contact = $2); }
    | BACKUP ref { $$ = MAKE(BACKUP, backup, @$, .contact = $2); }
    | DUTIES strings { $$ = MAKE(DUTIES, duties, @$, .texts = $2); }
    | TITLE range { $$ = MAKE(FIELD, field, @$, NAMED(name, $1), .values = build_list($2)); }
    | FROM string { $$ = MAKE(FROM, from, @$, .text = $2); }
    ;
calendar: CALENDAR name opt_from LBRACE calendar_fields RBRACE
        { $$ = MAKE(CALENDAR, calendar, @$, NAMED(name, $2), .fields = $5, .doc = build_doc(cx, @$), .from = $3); }
    ;
calendar_fields: %empty { $$ = build_list(NULL); }
    | calendar_fields calendar_field NL { $$ = build_more($1, $2); }
    | calendar_fields error NL { $$ = $1; yyerrok; }
    ;
calendar_field: ZONE range { $$ = MAKE(FIELD, field, @$, NAMED(name, $1), .values = build_list($2)); }
    | OPEN day_list TIME_LITERAL RANGE TIME_LITERAL
        { Node *start = MAKE(TIME_OF_DAY, time_of_day, @3, .value = $3->value.integer);
          Node *end = MAKE(TIME_OF_DAY, time_of_day, @5, .value = $5->value.integer);
          $$ = MAKE(OPEN, open, @$, .days = $2, .start = start, .end = end); }
    | CLOSED date_list { $$ = MAKE(CLOSED, closed, @$, .dates = $2); }
    ;
day_list: days { $$ = build_list($1); }
    | day_list COMMA days { $$ = build_more($1, $3); }
    ;
days: name { $$ = build_name(cx, $1); }
    | name RANGE name { Node *start = build_name(cx, $1), *end = build_name(cx, $3);
                        $$ = MAKE(RANGE, range, @$, .start = start, .end = end); }
    ;
date_list: dates { $$ = build_list($1); }
    | date_list COMMA dates { $$ = build_more($1, $3); }
    ;
dates: date
    | date RANGE date { $$ = MAKE(RANGE, range, @$, .start = $1, .end = $3); }
    ;
severity: SEVERITY name opt_title opt_from LBRACE severity_fields RBRACE
        { $$ = MAKE(SEVERITY, severity, @$, NAMED(name, $2), .title = $3, .fields = $6, .doc = build_doc(cx, @$), .from = $4); }
    ;
severity_fields: %empty { $$ = build_list(NULL); }
    | severity_fields severity_field NL { $$ = build_more($1, $2); }
    | severity_fields error NL { $$ = $1; yyerrok; }
    ;
severity_field: MEANS strings { $$ = MAKE(MEANS, means, @$, .texts = $2); }
    | RESPOND WITHIN duration { $$ = MAKE(RESPOND, respond, @$, .within = $3); }
    | RESPOND WITHIN duration RANGE duration { $$ = MAKE(RESPOND, respond, @$, .warn = $3, .within = $5); }
    | RESOLVE WITHIN duration { $$ = MAKE(RESOLVE_WITHIN, resolve_within, @$, .within = $3); }
    | RESOLVE WITHIN duration RANGE duration
        { $$ = MAKE(RESOLVE_WITHIN, resolve_within, @$, .warn = $3, .within = $5); }
    | UPDATE targets EVERY duration page_message { $$ = MAKE(UPDATE, update, @$, .targets = $2, .every = $4, .message = $5); }
    | ESCALATE BY ref { $$ = MAKE(ESCALATE_BY, escalate_by, @$, .escalation = $3); }
    | ESCALATE BY ref DURING dotted { $$ = MAKE(ESCALATE_BY, escalate_by, @$, .escalation = $3, .calendar = $5); }
    | ACKNOWLEDGEMENT HOLDS duration { $$ = MAKE(ACK_HOLDS, ack_holds, @$, .duration = $3); }
    | FROM string { $$ = MAKE(FROM, from, @$, .text = $2); }
    ;
classify: CLASSIFY LPAREN params RPAREN opt_from LBRACE classify_arms RBRACE
        { $$ = MAKE(CLASSIFY, classify, @$, .params = $3, .arms = $7, .doc = build_doc(cx, @$), .from = $5); }
    ;
classify_arms: %empty { $$ = build_list(NULL); }
    | classify_arms classify_arm NL { $$ = build_more($1, $2); }
    | classify_arms error NL { $$ = $1; yyerrok; }
    ;
classify_arm: dotted WHEN expr { $$ = MAKE(CLASSIFY_ARM, classify_arm, @$, .severity = $1, .when = $3); }
    | OTHERWISE dotted { $$ = MAKE(CLASSIFY_ARM, classify_arm, @$, .severity = $2); }
    ;
escalation: ESCALATION name opt_from LBRACE rules RBRACE
        { $$ = MAKE(ESCALATION, escalation, @$, NAMED(name, $2), .rules = $5, .doc = build_doc(cx, @$), .from = $3); }
    ;
rules: %empty { $$ = build_list(NULL); }
    | rules rule NL { $$ = build_more($1, $2); }
    | rules error NL { $$ = $1; yyerrok; }
    ;
rule: trigger rule_deed { $$ = $1; $$->span = @$; $$->rule.deed = $2; }
    | trigger rule_deed EVERY duration { $$ = $1; $$->span = @$; $$->rule.deed = $2; $$->rule.page_every = $4; }
    | trigger rule_deed REPEAT EVERY duration
        { $$ = $1; $$->span = @$; $$->rule.deed = $2; $$->rule.repeat_every = $5; }
    | trigger rule_deed REPEAT EVERY duration AT_MOST limit_count TIMES
        { $$ = $1; $$->span = @$; $$->rule.deed = $2; $$->rule.repeat_every = $5; $$->rule.repeat_times = $7; }
    ;
rule_deed: page | notify
    | THEN page { $$ = $2; }
    | THEN notify { $$ = $2; }
    ;
trigger: AT ONCE { $$ = MAKE(RULE, rule, @$, .trigger = RULE_AT_ONCE); }
    | AT LAST { $$ = MAKE(RULE, rule, @$, .trigger = RULE_AT_LAST); }
    | WHEN UNACKNOWLEDGED FOR duration { $$ = MAKE(RULE, rule, @$, .trigger = RULE_UNACKNOWLEDGED, .after = $4); }
    | WHEN UNRESOLVED FOR duration { $$ = MAKE(RULE, rule, @$, .trigger = RULE_UNRESOLVED, .after = $4); }
    | WHEN INT_LITERAL REMEDIES FAILED
        { $$ = MAKE(RULE, rule, @$, .trigger = RULE_REMEDIES_FAILED, .count = $2->value.integer); }
    | WHEN INT_LITERAL REMEDY FAILED
        { $$ = MAKE(RULE, rule, @$, .trigger = RULE_REMEDIES_FAILED, .count = $2->value.integer); }
    | WHEN SEVERITY RAISED { $$ = MAKE(RULE, rule, @$, .trigger = RULE_SEVERITY_RAISED); }
    | WHEN PHASE OVERRAN { $$ = MAKE(RULE, rule, @$, .trigger = RULE_PHASE_OVERRAN); }
    | WHEN TARGET MISSED { $$ = MAKE(RULE, rule, @$, .trigger = RULE_TARGET_MISSED); }
    | WHEN expr CHECKED EVERY duration
        { $$ = MAKE(RULE, rule, @$, .trigger = RULE_CONDITION, .condition = $2, .every = $5); }
    ;
template: TEMPLATE name opt_params opt_from LBRACE template_fields RBRACE
        { $$ = MAKE(TEMPLATE, template, @$, NAMED(name, $2), .params = $3, .fields = $6, .doc = build_doc(cx, @$), .from = $4); }
    ;
template_fields: %empty { $$ = build_list(NULL); }
    | template_fields template_field NL { $$ = build_more($1, $2); }
    | template_fields error NL { $$ = $1; yyerrok; }
    ;
template_field: TITLE range { $$ = MAKE(FIELD, field, @$, NAMED(name, $1), .values = build_list($2)); }
    | BODY range { $$ = MAKE(FIELD, field, @$, NAMED(name, $1), .values = build_list($2)); }
    | FIELD string range { $$ = MAKE(TEMPLATE_FIELD, template_field, @$, .label = $2, .value = $3); }
    | FROM string { $$ = MAKE(FROM, from, @$, .text = $2); }
    ;
fn: fn_head opt_from { $$ = $1; $$->fn.from = $2; }
    | fn_head opt_from fn_body { $$ = $1; $$->span = @$; $$->fn.from = $2; $$->fn.body = $3; $$->fn.has_body = true; }
    | FN error late_block { $$ = LEAF_NODE(WRONG, @$); yyerrok; }
    ;
fn_body: { cx->arena = cx->bodies; } block { cx->arena = cx->whole; $$ = $2; }
    ;
fn_head: FN name LPAREN params RPAREN opt_result opt_width
        { $$ = MAKE(FN, fn, @$, NAMED(name, $2), .params = $4, .result = $6, .width = $7, .doc = build_doc(cx, @$)); }
    | EFFECT FN name LPAREN params RPAREN opt_result opt_width
        { $$ = MAKE(FN, fn, @$, NAMED(name, $3), .params = $5, .result = $7, .width = $8, .effect = true,
                    .doc = build_doc(cx, @$)); }
    ;
opt_result: %empty { $$ = NULL; }
    | ARROW type { $$ = $2; }
    ;
opt_width: %empty { $$ = NULL; }
    | AS type_atom { $$ = $2; }
    ;
opt_params: %empty { $$ = build_list(NULL); }
    | LPAREN params RPAREN { $$ = $2; }
    ;
params: %empty { $$ = build_list(NULL); }
    | param_list
    | param_list COMMA
    ;
param_list: parameter { $$ = build_list($1); }
    | param_list COMMA parameter { $$ = build_more($1, $3); }
    ;
parameter: name opt_type opt_width opt_default
        { $$ = MAKE(PARAMETER, parameter, @$, NAMED(name, $1), .type = $2, .width = $3, .value = $4); }
    | OUT name opt_type opt_width opt_default
        { $$ = MAKE(PARAMETER, parameter, @$, NAMED(name, $2), .type = $3, .width = $4, .value = $5, .out = true); }
    ;
record: RECORD name opt_from LBRACE record_fields opt_separator RBRACE
        { $$ = MAKE(RECORD, record, @$, NAMED(name, $2), .fields = $5, .doc = build_doc(cx, @$), .from = $3); }
    ;
record_fields: record_field { $$ = build_list($1); }
    | record_fields separator record_field { $$ = build_more($1, $3); }
    ;
record_field: name COLON type opt_default
        { $$ = MAKE(PARAMETER, parameter, @$, NAMED(name, $1), .type = $3, .value = $4, .doc = build_doc(cx, @$)); }
    ;
separator: NL | COMMA
    ;
opt_separator: %empty | NL | COMMA
    ;
enumeration: ENUM name opt_from LBRACE enum_members opt_separator RBRACE
        { $$ = MAKE(ENUM, enumeration, @$, NAMED(name, $2), .members = $5, .doc = build_doc(cx, @$), .from = $3); }
    ;
enum_members: enum_member { $$ = build_list($1); }
    | enum_members separator enum_member { $$ = build_more($1, $3); }
    ;
enum_member: name { $$ = MAKE(ENUM_MEMBER, enum_member, @$, NAMED(name, $1), .doc = build_doc(cx, @$)); }
    ;
external: EXTERN string opt_from LBRACE external_items RBRACE
        { $$ = MAKE(EXTERN, external, @$, .library = $2, .items = $5, .doc = build_doc(cx, @$), .from = $3); }
    ;
external_items: %empty { $$ = build_list(NULL); }
    | external_items external_item NL { $$ = build_more($1, $2); }
    | external_items error NL { $$ = $1; yyerrok; }
    ;
external_item: fn_head | handle
    ;
handle: HANDLE name { $$ = MAKE(HANDLE, handle, @$, NAMED(name, $2), .doc = build_doc(cx, @$)); }
    ;
plan: PLAN name opt_params opt_title opt_from block
        { $$ = MAKE(PLAN, plan, @$, NAMED(name, $2), .params = $3, .title = $4, .body = $6, .doc = build_doc(cx, @$), .from = $5); }
    | PLAN name opt_params opt_title MISSING string
        { $$ = MAKE(MISSING, missing, @6, .text = $6);
          $$ = MAKE(PLAN, plan, @$, NAMED(name, $2), .params = $3, .title = $4, .missing = $$, .doc = build_doc(cx, @$)); }
    | PLAN error late_block { $$ = MAKE(PLAN, plan, @$, .body = $3); }
    ;
recurring: RECURRING string EVERY DURATION_LITERAL opt_by opt_from
        { $$ = MAKE(DURATION, duration, @4, .value = $4->value.integer);
          $$ = MAKE(RECURRING, recurring, @$, .title = $2, .every = $$, .by = $5, .doc = build_doc(cx, @$), .from = $6); }
    | RECURRING string EVERY MONTH opt_by opt_from
        { $$ = MAKE(RECURRING, recurring, @$, .title = $2, .unit = RECUR_MONTH, .by = $5, .doc = build_doc(cx, @$), .from = $6); }
    | RECURRING string EVERY QUARTER opt_by opt_from
        { $$ = MAKE(RECURRING, recurring, @$, .title = $2, .unit = RECUR_QUARTER, .by = $5, .doc = build_doc(cx, @$), .from = $6); }
    | RECURRING string ON THE name name OF THE MONTH opt_by opt_from
        { $$ = MAKE(RECURRING, recurring, @$, .title = $2, .unit = RECUR_MONTH, NAMED(ordinal, $5), NAMED(weekday, $6),
                    .by = $10, .doc = build_doc(cx, @$), .from = $11); }
    | RECURRING string ON THE name name OF THE QUARTER opt_by opt_from
        { $$ = MAKE(RECURRING, recurring, @$, .title = $2, .unit = RECUR_QUARTER, NAMED(ordinal, $5), NAMED(weekday, $6),
                    .by = $10, .doc = build_doc(cx, @$), .from = $11); }
    ;
opt_by: %empty { $$ = NULL; }
    | BY ref { $$ = $2; }
    ;
constant: LET name opt_type ASSIGN_TO rhs opt_from
        { $$ = MAKE(LET, let, @$, NAMED(name, $2), .type = $3, .value = $5, .doc = build_doc(cx, @$), .from = $6); }
    ;
variable: VAR name COLON type opt_from
        { $$ = MAKE(VAR, var, @$, NAMED(name, $2), .type = $4, .doc = build_doc(cx, @$), .from = $5); }
    | VAR name opt_type ASSIGN_TO rhs opt_from
        { $$ = MAKE(VAR, var, @$, NAMED(name, $2), .type = $3, .value = $5, .doc = build_doc(cx, @$), .from = $6); }
    ;
rhs: full | run_expression
    ;

/* ---- blocks ---- */

block: LBRACE items RBRACE { $$ = $2; }
    ;
/* The body after a bad heading: its own mistakes are told. */
late_block: LBRACE resumed items RBRACE { $$ = $3; }
    ;
resumed: %empty { yyerrok; }
    ;
items: %empty { $$ = build_list(NULL); }
    | items item NL { $$ = build_more($1, $2); }
    | items error NL { $$ = $1; yyerrok; }
    ;
item: statement | block_item | only_step
    ;
opt_else: %empty { $$ = NULL; }
    | ELSE block { $$ = build_else(cx, $2); }
    ;

/* Clauses of plans, phases and steps. shape.c says which may stand where. */
only_step: FROM string { $$ = MAKE(FROM, from, @$, .text = $2); }
    | SEVERITY dotted { $$ = MAKE(PLAN_SEVERITY, plan_severity, @$, .severity = $2); }
    | starts
    | SYMPTOM string { $$ = MAKE(SYMPTOM, symptom, @$, .text = $2); }
    | SYMPTOM string WHEN expr { $$ = MAKE(SYMPTOM, symptom, @$, .text = $2, .when = $4); }
    | UPDATE targets EVERY duration page_message { $$ = MAKE(UPDATE, update, @$, .targets = $2, .every = $4, .message = $5); }
    | ONLY IF expr { $$ = MAKE(ONLY_IF, only_if, @$, .condition = $3); }
    | BY ref { $$ = MAKE(BY, by, @$, .role = $2); }
    | TIMEOUT duration { $$ = MAKE(TIMEOUT, timeout, @$, .duration = $2); }
    | RETRY limit_count TIMES { $$ = MAKE(RETRY, retry, @$, .times = $2); }
    | RETRY limit_count TIMES EVERY duration { $$ = MAKE(RETRY, retry, @$, .times = $2, .every = $5); }
    | NO SKIP { $$ = LEAF_NODE(NO_SKIP, @$); }
    | on_failure
    | UNDO ON FAILURE { $$ = LEAF_NODE(UNDO_ON_FAILURE, @$); }
    | needs
    ;
starts: STARTS ON ALERT string opt_label_tests opt_settings
        { $$ = MAKE(STARTS_ON, starts_on, @$, .alert = $4, .where = $5, .with = $6); }
    | STARTS ANOTHER { $$ = LEAF_NODE(STARTS_ANOTHER, @$); }
    ;
opt_label_tests: %empty { $$ = build_list(NULL); }
    | WHERE label_tests { $$ = $2; }
    ;
label_tests: label_test { $$ = build_list($1); }
    | label_tests AND label_test { $$ = build_more($1, $3); }
    ;
label_test: LABEL string comparison_sign postfix
        { $$ = MAKE(LABEL_TEST, label_test, @$, .label = $2, .op = $3, .value = $4); }
    ;
opt_settings: %empty { $$ = build_list(NULL); }
    | WITH settings { $$ = $2; }
    ;
settings: setting { $$ = build_list($1); }
    | settings COMMA setting { $$ = build_more($1, $3); }
    ;
setting: IDENT ASSIGN_TO setting_value { $$ = MAKE(SETTING, setting, @$, NAMED(name, $1), .value = $3); }
    | SEVERITY dotted { $$ = MAKE(SETTING, setting, @$, NAMED(name, $1), .value = $2); }
    ;
setting_value: expr
    | LABEL string { $$ = MAKE(LABEL, label, @$, .name = $2); }
    ;
on_failure: ON FAILURE CONTINUE { $$ = MAKE(ON_FAILURE, on_failure, @$, .kind = FAILURE_CONTINUE); }
    | ON FAILURE STOP { $$ = MAKE(ON_FAILURE, on_failure, @$, .kind = FAILURE_STOP); }
    | ON FAILURE block { $$ = MAKE(ON_FAILURE, on_failure, @$, .body = $3); }
    ;
needs: NEEDS opt_strict APPROVAL FROM refs opt_or_starter opt_within needs_otherwise
        { $$ = $8; $$->span = @$; $$->needs_approval.strict = $2; $$->needs_approval.count = 1;
          $$->needs_approval.from = $5; $$->needs_approval.or_starter = $6; $$->needs_approval.within = $7; }
    | NEEDS opt_strict INT_LITERAL APPROVALS FROM refs opt_or_starter opt_within needs_otherwise
        { $$ = $9; $$->span = @$; $$->needs_approval.strict = $2; $$->needs_approval.count = $3->value.integer;
          $$->needs_approval.from = $6; $$->needs_approval.or_starter = $7; $$->needs_approval.within = $8; }
    ;
opt_strict: %empty { $$ = false; }
    | STRICT { $$ = true; }
    ;
opt_or_starter: %empty { $$ = false; }
    | OR STARTER { $$ = true; }
    ;
opt_within: %empty { $$ = NULL; }
    | WITHIN duration { $$ = $2; }
    ;
needs_otherwise: %empty { $$ = MAKE(NEEDS_APPROVAL, needs_approval, @$, .otherwise = APPROVAL_NOT_SAID); }
    | OTHERWISE GO ON { $$ = MAKE(NEEDS_APPROVAL, needs_approval, @$, .otherwise = APPROVAL_GO_ON); }
    | OTHERWISE STOP { $$ = MAKE(NEEDS_APPROVAL, needs_approval, @$, .otherwise = APPROVAL_STOP); }
    | OTHERWISE APPROVAL FROM refs WITHIN duration
        { $$ = MAKE(NEEDS_APPROVAL, needs_approval, @$, .otherwise = APPROVAL_NEXT, .next = $4, .next_within = $6); }
    ;

/* Statements that have a block of their own. */
block_item: phase
    | STEP string opt_from block
        { $$ = MAKE(STEP, step, @$, .title = $2, .body = $4);
          if ($3) { Node *from = MAKE(FROM, from, @3, .text = $3); from->next = $$->step.body.first;
                    $$->step.body.first = from; $$->step.body.count++;
                    if (!$$->step.body.last) $$->step.body.last = from; } }
    | STEP error late_block { $$ = MAKE(STEP, step, @$, .title = NO_TITLE(@2), .body = $3); yyerrok; }
    | UNDO block { $$ = MAKE(UNDO, undo, @$, .body = $2); }
    | ALWAYS block { $$ = MAKE(ALWAYS, always, @$, .body = $2); }
    | AFTERWARDS block { $$ = MAKE(AFTERWARDS, afterwards, @$, .body = $2); }
    | if_statement
    | MATCH expr LBRACE arms RBRACE { $$ = MAKE(MATCH, match, @$, .subject = $2, .arms = $4); }
    | FOR name IN expr opt_at_once block
        { $$ = MAKE(FOR, loop, @$, NAMED(name, $2), .in = $4, .at_once = $5, .body = $6); }
    | FOR error late_block { $$ = LEAF_NODE(WRONG, @$); yyerrok; }
    | PARALLEL block { $$ = MAKE(PARALLEL, parallel, @$, .body = $2); }
    | REPEAT repeat_limits block opt_else
        { $$ = MAKE(REPEAT, repeat, @$, .every = $2->every, .until = $2->until, .times = $2->times, .within = $2->within,
                    .body = $3, ELSE_FIELDS($4)); }
    | REPEAT error late_block opt_else { $$ = LEAF_NODE(WRONG, @$); yyerrok; }
    | REMEDIES string UNTIL expr limits block opt_else
        { $$ = MAKE(REMEDIES, remedies, @$, .title = $2, .until = $4, .holds = $5->holds, .within = $5->within,
                    .every = $5->every, .items = $6, ELSE_FIELDS($7)); }
    | REMEDIES error late_block opt_else { $$ = LEAF_NODE(WRONG, @$); yyerrok; }
    | REMEDY string block { $$ = MAKE(REMEDY, remedy, @$, .title = $2, .body = $3); }
    | REMEDY error late_block { $$ = MAKE(REMEDY, remedy, @$, .title = NO_TITLE(@2), .body = $3); yyerrok; }
    | WATCH string watch_limits block
        { $$ = MAKE(WATCH, watch, @$, .title = $2, .every = $3->every, .when = $3->when, .holds = $3->holds,
                    .repeatedly = $3->repeatedly, .body = $4); }
    | WATCH error late_block { $$ = LEAF_NODE(WRONG, @$); yyerrok; }
    | VERIFY ALL string LBRACE checks RBRACE { $$ = MAKE(VERIFY_ALL, verify_all, @$, .title = $3, .checks = $5); }
    ;
phase: PHASE string window block { $$ = $3; $$->span = @$; $$->phase.title = $2; $$->phase.body = $4; }
    | TRACK string opt_by window block
        { $$ = $4; $$->span = @$; $$->phase.title = $2; $$->phase.track = true; $$->phase.by = $3; $$->phase.body = $5; }
    | PHASE error late_block { $$ = MAKE(PHASE, phase, @$, .title = NO_TITLE(@2), .body = $3); yyerrok; }
    | TRACK error late_block { $$ = MAKE(PHASE, phase, @$, .title = NO_TITLE(@2), .track = true, .body = $3); yyerrok; }
    ;
window: %empty { $$ = MAKE(PHASE, phase, @$, .open = false); }
    | phase_limit RANGE phase_limit { $$ = MAKE(PHASE, phase, @$, .start = $1, .end = $3); }
    | phase_limit RANGE { $$ = MAKE(PHASE, phase, @$, .start = $1, .open = true); }
    | WITHIN duration { $$ = MAKE(PHASE, phase, @$, .within = $2); }
    ;
phase_limit: DURATION_LITERAL { $$ = MAKE(DURATION, duration, @$, .value = $1->value.integer); }
    | DURATION_LITERAL OF dotted { $$ = MAKE(DURATION, duration, @1, .value = $1->value.integer);
                                   $$ = MAKE(BUSINESS, business, @$, .duration = $$, .calendar = $3); }
    | INT_LITERAL DAY OF dotted { $$ = MAKE(BUSINESS, business, @$, .days = $1->value.integer, .calendar = $4); }
    | INT_LITERAL DAYS OF dotted { $$ = MAKE(BUSINESS, business, @$, .days = $1->value.integer, .calendar = $4); }
    ;
if_statement: IF condition block { $$ = MAKE(IF, branch, @$, .condition = $2, .then = $3); }
    | IF condition block ELSE block { $$ = MAKE(IF, branch, @$, .condition = $2, .then = $3, .otherwise = $5); }
    | IF condition block ELSE if_statement
        { $$ = MAKE(IF, branch, @$, .condition = $2, .then = $3, .otherwise = build_list($5)); }
    | IF error late_block if_rest { $$ = LEAF_NODE(WRONG, @$); yyerrok; }
    ;
if_rest: %empty
    | ELSE block
    | ELSE if_statement
    ;
condition: expr
    | LET name ASSIGN_TO expr { $$ = MAKE(LET_CONDITION, let_condition, @$, NAMED(name, $2), .value = $4); }
    ;
opt_at_once: %empty { $$ = NULL; }
    | AT_MOST limit_count AT ONCE { $$ = $2; }
    ;
limit_count: INT_LITERAL { $$ = MAKE(INT, integer, @$, .value = $1->value.integer); }
    | call_ref
    | LPAREN full RPAREN { $$ = $2; }
    ;
arms: %empty { $$ = build_list(NULL); }
    | arms arm NL { $$ = build_more($1, $2); }
    | arms error NL { $$ = $1; yyerrok; }
    ;
arm: patterns FAT arm_body { $$ = MAKE(ARM, arm, @$, .patterns = $1, .body = $3); }
    | OTHERWISE FAT arm_body { $$ = MAKE(ARM, arm, @$, .body = $3); }
    ;
patterns: range { $$ = build_list($1); }
    | patterns COMMA range { $$ = build_more($1, $3); }
    ;
arm_body: item { $$ = build_list($1); }
    | block
    ;
limits: %empty { $$ = arena_new(cx->arena, Limits); }
    | limits HOLDS duration { $$ = $1; ONCE_ONLY($$->holds, $3, @2, "holds"); }
    | limits WITHIN duration { $$ = $1; ONCE_ONLY($$->within, $3, @2, "within"); }
    | limits EVERY duration { $$ = $1; ONCE_ONLY($$->every, $3, @2, "every"); }
    ;
repeat_limits: %empty { $$ = arena_new(cx->arena, Limits); }
    | repeat_limits EVERY duration { $$ = $1; ONCE_ONLY($$->every, $3, @2, "every"); }
    | repeat_limits UNTIL expr { $$ = $1; ONCE_ONLY($$->until, $3, @2, "until"); }
    | repeat_limits AT_MOST limit_count TIMES { $$ = $1; ONCE_ONLY($$->times, $3, @2, "at most"); }
    | repeat_limits WITHIN duration { $$ = $1; ONCE_ONLY($$->within, $3, @2, "within"); }
    ;
watch_limits: %empty { $$ = arena_new(cx->arena, Limits); }
    | watch_limits EVERY duration { $$ = $1; ONCE_ONLY($$->every, $3, @2, "every"); }
    | watch_limits WHEN expr { $$ = $1; ONCE_ONLY($$->when, $3, @2, "when"); }
    | watch_limits HOLDS duration { $$ = $1; ONCE_ONLY($$->holds, $3, @2, "holds"); }
    | watch_limits REPEATEDLY { $$ = $1; $$->repeatedly = true; }
    ;
checks: %empty { $$ = build_list(NULL); }
    | checks check NL { $$ = build_more($1, $2); }
    | checks error NL { $$ = $1; yyerrok; }
    ;
check: CHECK string expr limits
        { $$ = MAKE(CHECK, check, @$, .title = $2, .condition = $3, .holds = $4->holds, .within = $4->within, .every = $4->every); }
    | CHECK string BY ref { $$ = MAKE(CHECK, check, @$, .title = $2, .by = $4); }
    | CHECK string BY ref WITHIN duration { $$ = MAKE(CHECK, check, @$, .title = $2, .by = $4, .within = $6); }
    ;

/* ---- statements ---- */

statement: constant | variable
    | dotted ASSIGN_TO rhs { $$ = MAKE(ASSIGN, assign, @$, .target = $1, .value = $3); }
    | dotted PLUS_ASSIGN rhs { $$ = MAKE(ASSIGN, assign, @$, .target = $1, .append = true, .value = $3); }
    | IDENT LBRACKET full RBRACKET ASSIGN_TO rhs
        { $$ = build_name(cx, $1);
          $$ = MAKE(INDEX, index, span_join(@1, @4), .object = $$, .index = $3);
          $$ = MAKE(ASSIGN, assign, @$, .target = $$, .value = $6); }
    | IDENT LBRACKET full RBRACKET PLUS_ASSIGN rhs
        { $$ = build_name(cx, $1);
          $$ = MAKE(INDEX, index, span_join(@1, @4), .object = $$, .index = $3);
          $$ = MAKE(ASSIGN, assign, @$, .target = $$, .append = true, .value = $6); }
    | RETURN { $$ = MAKE(RETURN, ret, @$, .value = NULL); }
    | RETURN full { $$ = MAKE(RETURN, ret, @$, .value = $2); }
    | observation
    | run_expression
    | VERIFY expr limits opt_else
        { $$ = build_verified(cx, $2);
          $$ = MAKE(VERIFY, verify, @$, .condition = $$, .holds = $3->holds, .within = $3->within, .every = $3->every,
                    ELSE_FIELDS($4)); }
    | VERIFY expr limits COMMA string opt_else
        { $$ = build_verified(cx, $2);
          $$ = MAKE(VERIFY, verify, @$, .condition = $$, .holds = $3->holds, .within = $3->within, .every = $3->every,
                    .why = $5, ELSE_FIELDS($6)); }
    | VERIFY postfix WITH LPAREN args RPAREN limits opt_else
        { $$ = MAKE(OBSERVE, observe, span_join(@2, @6), .effect = $2, .options = $5, .bare = true);
          $$ = MAKE(VERIFY, verify, @$, .condition = $$, .holds = $7->holds, .within = $7->within, .every = $7->every,
                    ELSE_FIELDS($8)); }
    | VERIFY postfix WITH LPAREN args RPAREN limits COMMA string opt_else
        { $$ = MAKE(OBSERVE, observe, span_join(@2, @6), .effect = $2, .options = $5, .bare = true);
          $$ = MAKE(VERIFY, verify, @$, .condition = $$, .holds = $7->holds, .within = $7->within, .every = $7->every,
                    .why = $9, ELSE_FIELDS($10)); }
    | WAIT duration { $$ = MAKE(WAIT, wait, @$, .duration = $2); }
    | WAIT UNTIL expr { $$ = MAKE(WAIT, wait, @$, .until = $3); }
    | notify | page
    | MANUAL string opt_by opt_within { $$ = MAKE(MANUAL, manual, @$, .text = $2, .by = $3, .within = $4); }
    | acknowledgement_question
    | ASSIGN dotted { $$ = MAKE(ASSIGN_ROLE, assign_role, @$, .role = $2); }
    | ASSIGN dotted TO ref { $$ = MAKE(ASSIGN_ROLE, assign_role, @$, .role = $2, .to = $4); }
    | SET IDENT expr opt_because { $$ = MAKE(SET, set, @$, NAMED(name, $2), .value = $3, .because = $4); }
    | SET SEVERITY IDENT opt_because
        { $$ = build_name(cx, $3); $$ = MAKE(SET_SEVERITY, set_severity, @$, .severity = $$, .because = $4); }
    | SET SEVERITY IDENT DOT IDENT opt_because
        { $$ = build_name(cx, $3); $$ = MAKE(MEMBER, member, span_join(@3, @5), .object = $$, NAMED(name, $5));
          $$ = MAKE(SET_SEVERITY, set_severity, @$, .severity = $$, .because = $6); }
    | SET SEVERITY FROM dotted LPAREN args RPAREN opt_because
        { $$ = MAKE(CALL, call, span_join(@4, @7), .callee = $4, .args = $6);
          $$ = MAKE(SET_SEVERITY, set_severity, @$, .severity = $$, .classified = true, .because = $8); }
    | MITIGATED string { $$ = MAKE(MITIGATED, mitigated, @$, .text = $2); }
    | RESOLVE string { $$ = MAKE(RESOLVE, resolve, @$, .text = $2); }
    | FAIL string { $$ = MAKE(FAIL, fail, @$, .text = $2); }
    | ROLL BACK { $$ = MAKE(ROLL_BACK, roll_back, @$, .steps = {0}); }
    | ROLL BACK strings { $$ = MAKE(ROLL_BACK, roll_back, @$, .steps = $3); }
    | FOLLOW call_ref { $$ = MAKE(FOLLOW, follow, @$, .plan = $2); }
    | CONTINUE WITH call_ref { $$ = MAKE(CONTINUE_WITH, continue_with, @$, .plan = $3); }
    | ATTACH postfix AS string { $$ = MAKE(ATTACH, attach, @$, .value = $2, .name = $4); }
    | NOTE string { $$ = MAKE(NOTE, note, @$, .text = $2); }
    | WARN string { $$ = MAKE(WARN, warn, @$, .text = $2); }
    | FOLLOWUP string opt_within opt_by { $$ = MAKE(FOLLOWUP, followup, @$, .text = $2, .within = $3, .by = $4); }
    | DEADLINE string AT sum PAGE targets { $$ = MAKE(DEADLINE, deadline, @$, .text = $2, .at = $4, .targets = $6); }
    | DEADLINE string AT sum PAGE targets MET BY string
        { $$ = MAKE(DEADLINE, deadline, @$, .text = $2, .at = $4, .targets = $6, .met_by = $9); }
    | STOP PHASE opt_string { $$ = MAKE(STOP_PHASE, stop_phase, @$, .why = $3); }
    | PAUSE opt_string { $$ = MAKE(PAUSE, pause, @$, .why = $2); }
    ;
opt_because: %empty { $$ = NULL; }
    | BECAUSE string { $$ = $2; }
    ;
acknowledgement_question: ASK ACKNOWLEDGEMENT BY ref opt_within
        { $$ = MAKE(ASK_ACKNOWLEDGEMENT, ask_acknowledgement, @$, .by = $4, .within = $5); }
    ;
notify: NOTIFY targets message { $$ = MAKE(NOTIFY, notify, @$, .targets = $2, .message = $3); }
    | NOTIFY_REQUIRED targets message { $$ = MAKE(NOTIFY, notify, @$, .required = true, .targets = $2, .message = $3); }
    ;
page: PAGE targets { $$ = MAKE(PAGE, page, @$, .targets = $2); }
    | PAGE targets message { $$ = MAKE(PAGE, page, @$, .targets = $2, .message = $3); }
    | PAGE EACH OF dotted_list { $$ = MAKE(PAGE, page, @$, .each = true, .targets = $4); }
    | PAGE EACH OF dotted_list message { $$ = MAKE(PAGE, page, @$, .each = true, .targets = $4, .message = $5); }
    ;
message: string | page_message
    ;
page_message: USING dotted { $$ = MAKE(USING, use, @$, .template = $2); }
    | USING dotted LPAREN args RPAREN { $$ = MAKE(USING, use, @$, .template = $2, .args = $4); }
    ;
run_expression: RUN postfix opt_with opt_unknown opt_else
        { $$ = MAKE(RUN, run, @$, .effect = $2, .options = $3, .unknown = $4, ELSE_FIELDS($5)); }
    ;
observation: OBSERVE postfix opt_with { $$ = MAKE(OBSERVE, observe, @$, .effect = $2, .options = $3); }
    ;
opt_with: %empty { $$ = build_list(NULL); }
    | WITH LPAREN args RPAREN { $$ = $3; }
    ;
opt_unknown: %empty { $$ = NULL; }
    | ON UNKNOWN AGAIN { $$ = MAKE(ON_UNKNOWN, on_unknown, @$, .kind = UNKNOWN_AGAIN); }
    | ON UNKNOWN ASK { $$ = MAKE(ON_UNKNOWN, on_unknown, @$, .kind = UNKNOWN_ASK); }
    | ON UNKNOWN FAIL { $$ = MAKE(ON_UNKNOWN, on_unknown, @$, .kind = UNKNOWN_FAIL); }
    | ON UNKNOWN VERIFY expr limits
        { $$ = build_verified(cx, $4);
          $$ = MAKE(VERIFY, verify, span_join(@3, @5), .condition = $$, .holds = $5->holds, .within = $5->within, .every = $5->every);
          $$ = MAKE(ON_UNKNOWN, on_unknown, @$, .kind = UNKNOWN_VERIFY, .verify = $$); }
    ;

/* ---- expressions ---- */

full: expr | ask | lambda | choose
    ;
ask: ASK opt_secret string ask_list opt_by
        { $$ = $4; $$->span = @$; $$->ask.secret = $2; $$->ask.question = $3; $$->ask.by = $5; }
    | ASK opt_secret string ask_list opt_by WITHIN duration OTHERWISE expr
        { $$ = $4; $$->span = @$; $$->ask.secret = $2; $$->ask.question = $3; $$->ask.by = $5; $$->ask.within = $7;
          $$->ask.otherwise = $9; }
    ;
opt_secret: %empty { $$ = false; }
    | SECRET { $$ = true; }
    ;
ask_list: %empty { $$ = MAKE(ASK, ask, @$, .of = NULL); }
    | OF postfix { $$ = MAKE(ASK, ask, @$, .of = $2); }
    | AS type { $$ = MAKE(ASK, ask, @$, .type = $2); }
    | OF postfix AS type { $$ = MAKE(ASK, ask, @$, .of = $2, .type = $4); }
    ;
lambda: IDENT FAT full
        { $$ = build_name(cx, $1); $$ = MAKE(LAMBDA, lambda, @$, .params = build_lambda_params(cx, $$), .body = $3); }
    | LPAREN full RPAREN FAT full { $$ = MAKE(LAMBDA, lambda, @$, .params = build_lambda_params(cx, $2), .body = $5); }
    | LPAREN RPAREN FAT full { $$ = MAKE(LAMBDA, lambda, @$, .body = $4); }
    | LPAREN lambda_names RPAREN FAT full { $$ = MAKE(LAMBDA, lambda, @$, .params = $2, .body = $5); }
    ;
lambda_names: name COMMA name
        { $$ = build_list(MAKE(PARAMETER, parameter, @1, NAMED(name, $1)));
          $$ = build_more($$, MAKE(PARAMETER, parameter, @3, NAMED(name, $3))); }
    | lambda_names COMMA name { $$ = build_more($1, MAKE(PARAMETER, parameter, @3, NAMED(name, $3))); }
    ;
choose: IF condition THEN full ELSE full
        { $$ = MAKE(CHOOSE, choose, @$, .condition = $2, .then = $4, .otherwise = $6); }
    ;
expr: comparison
    | NOT expr { $$ = MAKE(UNARY, unary, @$, .op = UNARY_NOT, .operand = $2); }
    | expr AND expr { $$ = BINARY(BINARY_AND, @$, $1, $3); }
    | expr OR expr { $$ = BINARY(BINARY_OR, @$, $1, $3); }
    ;
comparison: fallback
    | fallback comparison_sign fallback { $$ = BINARY($2, @$, $1, $3); }
    ;
comparison_sign: EQ { $$ = BINARY_EQ; }
    | NE { $$ = BINARY_NE; }
    | LT { $$ = BINARY_LT; }
    | LE { $$ = BINARY_LE; }
    | GT { $$ = BINARY_GT; }
    | GE { $$ = BINARY_GE; }
    | AT_LEAST { $$ = BINARY_AT_LEAST; }
    | WORSE_THAN { $$ = BINARY_WORSE; }
    | IN { $$ = BINARY_IN; }
    | NOT IN { $$ = BINARY_NOT_IN; }
    | MATCHES { $$ = BINARY_MATCHES; }
    ;
fallback: range
    | range ABSENT fallback { $$ = MAKE(DEFAULT, fallback, @$, .value = $1, .otherwise = $3); }
    | range ABSENT FAIL string { $$ = MAKE(DEFAULT, fallback, @$, .value = $1, .fail = $4); }
    ;
range: sum
    | sum RANGE sum { $$ = MAKE(RANGE, range, @$, .start = $1, .end = $3); }
    ;
sum: postfix | observation
    | MINUS sum %prec NEGATION { $$ = MAKE(UNARY, unary, @$, .op = UNARY_NEGATE, .operand = $2); }
    | sum AS type { $$ = MAKE(CAST, cast, @$, .value = $1, .type = $3); }
    | sum AS QUESTION type { $$ = MAKE(CAST, cast, @$, .value = $1, .type = $4, .optional = true); }
    | sum STAR sum { $$ = BINARY(BINARY_MUL, @$, $1, $3); }
    | sum SLASH sum { $$ = BINARY(BINARY_DIV, @$, $1, $3); }
    | sum MOD sum { $$ = BINARY(BINARY_MOD, @$, $1, $3); }
    | sum PLUS sum { $$ = BINARY(BINARY_ADD, @$, $1, $3); }
    | sum MINUS sum { $$ = BINARY(BINARY_SUB, @$, $1, $3); }
    ;
postfix: primary
    | postfix DOT IDENT { $$ = MAKE(MEMBER, member, @$, .object = $1, NAMED(name, $3)); }
    | postfix LBRACKET full RBRACKET { $$ = MAKE(INDEX, index, @$, .object = $1, .index = $3); }
    | postfix LPAREN args RPAREN { $$ = MAKE(CALL, call, @$, .callee = $1, .args = $3); }
    ;
primary: literal
    | name { $$ = build_name(cx, $1); }
    | string | command
    | MISSING string { $$ = MAKE(MISSING, missing, @$, .text = $2); }
    | LPAREN full RPAREN { $$ = $2; }
    | LBRACKET elements RBRACKET { $$ = MAKE(LIST, list, @$, .items = $2); }
    | LBRACE entries RBRACE { $$ = MAKE(MAP, map, @$, .entries = $2); }
    ;
literal: INT_LITERAL { $$ = MAKE(INT, integer, @$, .value = $1->value.integer); }
    | FLOAT_LITERAL { $$ = MAKE(FLOAT, real, @$, .value = $1->value.real); }
    | PERCENT_LITERAL { $$ = MAKE(PERCENT, percent, @$, .value = $1->value.real); }
    | DURATION_LITERAL { $$ = MAKE(DURATION, duration, @$, .value = $1->value.integer); }
    | moment
    | TIME_LITERAL { $$ = MAKE(TIME_OF_DAY, time_of_day, @$, .value = $1->value.integer); }
    | TRUE { $$ = MAKE(BOOL, boolean, @$, .value = true); }
    | FALSE { $$ = MAKE(BOOL, boolean, @$, .value = false); }
    | NONE { $$ = LEAF_NODE(NONE, @$); }
    ;
elements: %empty { $$ = build_list(NULL); }
    | element_list
    | element_list COMMA
    ;
element_list: full { $$ = build_list($1); }
    | element_list COMMA full { $$ = build_more($1, $3); }
    ;
entries: %empty { $$ = build_list(NULL); }
    | entry_list opt_separator
    ;
entry_list: map_entry { $$ = build_list($1); }
    | entry_list separator map_entry { $$ = build_more($1, $3); }
    ;
map_entry: IDENT COLON full { $$ = build_key(cx, $1); $$ = MAKE(ENTRY, entry, @$, .key = $$, .value = $3); }
    | string COLON full { $$ = MAKE(ENTRY, entry, @$, .key = $1, .value = $3); }
    ;
args: %empty { $$ = build_list(NULL); }
    | arg_list
    | arg_list COMMA
    ;
arg_list: arg { $$ = build_list($1); }
    | arg_list COMMA arg { $$ = build_more($1, $3); }
    ;
arg: full { $$ = MAKE(ARG, arg, @$, .value = $1); }
    | IDENT COLON full { $$ = MAKE(ARG, arg, @$, NAMED(name, $1), .value = $3); }
    ;
string: STRING_BEGIN parts STRING_END { $$ = build_string(cx, $1, $2, @$); }
    ;
command: command_literal
    | SH command_literal { $$ = $2; $$->span = @$; $$->command.shell = true; }
    | ON dotted command_literal { $$ = $3; $$->span = @$; $$->command.host = $2; }
    | ON dotted SH command_literal { $$ = $4; $$->span = @$; $$->command.host = $2; $$->command.shell = true; }
    ;
command_literal: COMMAND_BEGIN parts COMMAND_END { $$ = build_command(cx, $1, $2, @$); }
    ;
parts: %empty { $$ = build_list(NULL); }
    | parts part { $$ = build_more($1, $2); }
    | parts INTERP error INTERP_END { $$ = $1; yyerrok; }
    ;
part: TEXT { $$ = MAKE(TEXT, text, @$, .text = token_text($1), .escaped = ($1->flags & TOKEN_ESCAPED) != 0); }
    | INTERP full INTERP_END { $$ = MAKE(INTERP, interp, @$, .value = $2); }
    | INTERP full SPREAD INTERP_END { $$ = MAKE(INTERP, interp, @$, .value = $2, .spread = true); }
    | INTERP_REQUIRED full INTERP_END { $$ = MAKE(INTERP, interp, @$, .value = $2, .required = true); }
    ;

/* ---- types ---- */

type: type_atom
    | type_atom QUESTION { $$ = MAKE(TYPE_OPTIONAL, type_optional, @$, .element = $1); }
    | FN LPAREN types RPAREN { $$ = MAKE(TYPE_FN, type_fn, @$, .params = $3); }
    | FN LPAREN types RPAREN ARROW type_result { $$ = MAKE(TYPE_FN, type_fn, @$, .params = $3, .result = $6); }
    ;
type_result: type
    ;
type_atom: dotted { $$ = MAKE(TYPE_NAME, type_name, @$, .name = $1); }
    | LBRACKET type RBRACKET { $$ = MAKE(TYPE_LIST, type_list, @$, .element = $2); }
    | LBRACKET type SEMI INT_LITERAL RBRACKET
        { $$ = MAKE(TYPE_LIST, type_list, @$, .element = $2, .size = $4->value.integer); }
    | LBRACE IDENT COLON type opt_separator RBRACE { $$ = MAKE(TYPE_MAP, type_map, @$, .element = $4); }
    | LPAREN type RPAREN { $$ = $2; }
    ;
types: %empty { $$ = build_list(NULL); }
    | type_list
    | type_list COMMA
    ;
type_list: type { $$ = build_list($1); }
    | type_list COMMA type { $$ = build_more($1, $3); }
    ;

/* ---- drills and promises ---- */

drill: DRILL string OF dotted opt_args opt_from LBRACE drill_lines RBRACE
        { $$ = MAKE(DRILL, drill, @$, .title = $2, .plan = $4, .args = $5, .lines = $8, .doc = build_doc(cx, @$), .from = $6); }
    | DRILL error LBRACE resumed drill_lines RBRACE { $$ = LEAF_NODE(WRONG, @$); yyerrok; }
    ;
opt_args: %empty { $$ = build_list(NULL); }
    | LPAREN args RPAREN { $$ = $2; }
    ;
drill_lines: %empty { $$ = build_list(NULL); }
    | drill_lines drill_line NL { $$ = build_more($1, $2); }
    | drill_lines error NL { $$ = $1; yyerrok; }
    ;
drill_line: WITH settings { $$ = MAKE(DRILL_WITH, drill_with, @$, .settings = $2); }
    | START AT drill_at_when { $$ = MAKE(DRILL_START, drill_start, @$, .at = $3); }
    | START AT drill_at_when IN string { $$ = MAKE(DRILL_START, drill_start, @$, .at = $3, .zone = $5); }
    | UNTIL duration { $$ = MAKE(DRILL_UNTIL, drill_until, @$, .duration = $2); }
    | FROM string { $$ = MAKE(FROM, from, @$, .text = $2); }
    | drill_request answers
        { $$ = $1; $$->span = @$; $$->drill_http.answers = $2->list; $$->drill_http.once_ran = $2->ran; }
    | COMMAND command_literal answers
        { $$ = MAKE(DRILL_COMMAND, drill_command, @$, .command = $2, .answers = $3->list, .once_ran = $3->ran); }
    | ON dotted COMMAND command_literal answers
        { $4->command.host = $2;
          $$ = MAKE(DRILL_COMMAND, drill_command, @$, .command = $4, .answers = $5->list, .once_ran = $5->ran); }
    | line_dotted LPAREN STAR RPAREN answers
        { $$ = MAKE(DRILL_CALL, drill_call, @$, .fn = $1, .any = true, .answers = $5->list, .once_ran = $5->ran); }
    | line_dotted LPAREN args RPAREN answers
        { $$ = MAKE(DRILL_CALL, drill_call, @$, .fn = $1, .args = $3, .answers = $5->list, .once_ran = $5->ran); }
    | CHANNEL dotted answers
        { $$ = MAKE(DRILL_CHANNEL, drill_channel, @$, .channel = $2, .answers = $3->list, .once_ran = $3->ran); }
    | line_name OF dotted answers
        { $$ = MAKE(DRILL_WAY, drill_way, @$, NAMED(way, $1), .contact = $3, .answers = $4->list, .once_ran = $4->ran); }
    | line_dotted ACKNOWLEDGES AFTER duration
        { $$ = MAKE(DRILL_PERSON, drill_person, @$, .contact = $1, .does = PERSON_ACKNOWLEDGES, .after = $4); }
    | line_dotted ANSWERS AFTER duration
        { $$ = MAKE(DRILL_PERSON, drill_person, @$, .contact = $1, .does = PERSON_ANSWERS, .after = $4); }
    | line_dotted NEVER ANSWERS { $$ = MAKE(DRILL_PERSON, drill_person, @$, .contact = $1, .does = PERSON_NEVER_ANSWERS); }
    | line_dotted APPROVES opt_string { $$ = MAKE(DRILL_PERSON, drill_person, @$, .contact = $1, .does = PERSON_APPROVES, .what = $3); }
    | line_dotted APPROVES opt_string AFTER duration
        { $$ = MAKE(DRILL_PERSON, drill_person, @$, .contact = $1, .does = PERSON_APPROVES, .what = $3, .after = $5); }
    | line_dotted REFUSES opt_string { $$ = MAKE(DRILL_PERSON, drill_person, @$, .contact = $1, .does = PERSON_REFUSES, .what = $3); }
    | line_dotted REFUSES opt_string AFTER duration
        { $$ = MAKE(DRILL_PERSON, drill_person, @$, .contact = $1, .does = PERSON_REFUSES, .what = $3, .after = $5); }
    | ANSWER string WITH expr { $$ = MAKE(DRILL_ANSWER, drill_answer, @$, .question = $2, .value = $4); }
    | ANSWER string WITH expr AFTER duration
        { $$ = MAKE(DRILL_ANSWER, drill_answer, @$, .question = $2, .value = $4, .after = $6); }
    | MANUAL STAR DONE { $$ = MAKE(DRILL_MANUAL, drill_manual, @$, .never = false); }
    | MANUAL STAR DONE AFTER duration { $$ = MAKE(DRILL_MANUAL, drill_manual, @$, .after = $5); }
    | MANUAL STAR NEVER DONE { $$ = MAKE(DRILL_MANUAL, drill_manual, @$, .never = true); }
    | MANUAL string DONE { $$ = MAKE(DRILL_MANUAL, drill_manual, @$, .what = $2); }
    | MANUAL string DONE AFTER duration { $$ = MAKE(DRILL_MANUAL, drill_manual, @$, .what = $2, .after = $5); }
    | MANUAL string NEVER DONE { $$ = MAKE(DRILL_MANUAL, drill_manual, @$, .what = $2, .never = true); }
    | ANY EFFECT answers
        { $$ = MAKE(DRILL_ANY, drill_any, @$, .answers = $3->list, .once_ran = $3->ran); }
    | EFFECT INT_LITERAL answers
        { $$ = MAKE(DRILL_ANY, drill_any, @$, .number = $2->value.integer, .answers = $3->list, .once_ran = $3->ran); }
    | SWEEP ANY EFFECT answers
        { $$ = MAKE(DRILL_SWEEP, drill_sweep, @$, .of_effects = true, .answers = $4->list); }
    | SWEEP swept opt_by AT duration RANGE duration EVERY duration opt_or_never
        { $$ = MAKE(DRILL_SWEEP, drill_sweep, @$, .signal = $2, .by = $3, .start = $5, .end = $7, .every = $9, .or_never = $10); }
    | AT duration signal { $$ = $3; $$->span = @$; $$->drill_at.at = $2; }
    | EXPECT opt_not fact { $$ = MAKE(EXPECT, expect, @$, .negated = $2, .fact = $3); }
    ;
drill_request: HTTP name string { $$ = MAKE(DRILL_HTTP, drill_http, @$, NAMED(method, $2), .url = $3); }
    | drill_request WITH JSON postfix { $$ = $1; ONCE_ONLY($$->drill_http.with, $4, @2, "with"); }
    | drill_request WITH string { $$ = $1; ONCE_ONLY($$->drill_http.with, $3, @2, "with"); }
    | drill_request WITH HEADERS postfix { $$ = $1; ONCE_ONLY($$->drill_http.headers, $4, @2, "with headers"); }
    ;
swept: ACKNOWLEDGED { $$ = SIGNAL_ACK; }
    | UNACKNOWLEDGED { $$ = SIGNAL_UNACK; }
    | MITIGATED { $$ = SIGNAL_MITIGATED; }
    | RESOLVED { $$ = SIGNAL_RESOLVE; }
    ;
opt_or_never: %empty { $$ = false; }
    | OR NEVER { $$ = true; }
    ;
drill_at_when: date_time
    ;
opt_not: %empty { $$ = false; }
    | NOT { $$ = true; }
    ;
answers: answer { $$ = arena_new(cx->arena, Answers); *$$ = (Answers){build_list($1.gives), $1.ran}; }
    | answers COMMA THEN answer
        { $$ = $1; node_append(&$$->list, $4.gives); if ($4.ran) $$->ran = $4.ran; }
    ;
answer: answer_head { $$ = (Answer){$1, NULL}; }
    | answer BEFORE duration { $$ = $1; ONCE_ONLY($$.gives->gives.before, $3, @2, "before"); }
    | answer DELAYED duration { $$ = $1; ONCE_ONLY($$.gives->gives.delay, $3, @2, "delayed"); }
    | answer INT_LITERAL TIMES
        { $$ = $1; Node *times = MAKE(INT, integer, @2, .value = $2->value.integer);
          ONCE_ONLY($$.gives->gives.times, times, @2, "times"); }
    | answer WITH string { $$ = $1; ONCE_ONLY($$.gives->gives.with, $3, @2, "with"); }
    | answer WITH JSON postfix { $$ = $1; ONCE_ONLY($$.gives->gives.with, $4, @2, "with"); }
    | answer WITH HEADERS postfix { $$ = $1; ONCE_ONLY($$.gives->gives.headers, $4, @2, "with headers"); }
    | answer ONCE { $$ = $1; $$.gives->gives.once = true; }
    | answer ONCE RAN pattern { $$ = $1; ONCE_ONLY($$.ran, $4, @2, "once ran"); }
    ;
answer_head: GIVES INT_LITERAL { $$ = MAKE(INT, integer, @2, .value = $2->value.integer);
                                 $$ = MAKE(GIVES, gives, @$, .kind = GIVES_FIGURE, .value = $$); }
    | GIVES string { $$ = MAKE(GIVES, gives, @$, .kind = GIVES_TEXT, .value = $2); }
    | GIVES JSON postfix { $$ = MAKE(GIVES, gives, @$, .kind = GIVES_JSON, .value = $3); }
    | GIVES FILE string { $$ = MAKE(GIVES, gives, @$, .kind = GIVES_FILE, .value = $3); }
    | EXITS INT_LITERAL { $$ = MAKE(INT, integer, @2, .value = $2->value.integer);
                          $$ = MAKE(GIVES, gives, @$, .kind = GIVES_EXIT, .value = $$); }
    | EXITS INT_LITERAL GIVES string { $$ = MAKE(INT, integer, @2, .value = $2->value.integer);
                                       $$ = MAKE(GIVES, gives, @$, .kind = GIVES_EXIT, .value = $$, .out = $4); }
    | HANGS { $$ = MAKE(GIVES, gives, @$, .kind = GIVES_HANG); }
    | FAILS { $$ = MAKE(GIVES, gives, @$, .kind = GIVES_FAILURE); }
    | IS UNKNOWN { $$ = MAKE(GIVES, gives, @$, .kind = GIVES_UNKNOWN); }
    | GIVES RESULT postfix { $$ = MAKE(GIVES, gives, @$, .kind = GIVES_RESULT, .value = $3); }
    | RUNS { $$ = MAKE(GIVES, gives, @$, .kind = GIVES_BODY); }
    | NEEDS APPROVAL { $$ = MAKE(GIVES, gives, @$, .kind = GIVES_APPROVAL); }
    | NEEDS APPROVAL FROM any_of { $$ = MAKE(GIVES, gives, @$, .kind = GIVES_APPROVAL, .from = $4); }
    ;
any_of: ref { $$ = build_list($1); }
    | any_of OR ref { $$ = build_more($1, $3); }
    ;
pattern: command_literal { $$ = MAKE(EFFECT_PATTERN, effect_pattern, @$, .command = $1); }
    | ON dotted command_literal { $3->command.host = $2; $$ = MAKE(EFFECT_PATTERN, effect_pattern, @$, .command = $3); }
    | IDENT string { $$ = MAKE(EFFECT_PATTERN, effect_pattern, @$, NAMED(method, $1), .url = $2); }
    ;
signal: signal_head
    | signal BY ref { $$ = $1; ONCE_ONLY($$->drill_at.by, $3, @2, "by"); }
    | signal BY string { $$ = $1; ONCE_ONLY($$->drill_at.by, $3, @2, "by"); }
    | signal BECAUSE string { $$ = $1; ONCE_ONLY($$->drill_at.because, $3, @2, "because"); }
    ;
signal_head: SEVERITY dotted { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_SEVERITY, .value = $2); }
    | NOTE string { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_NOTE, .value = $2); }
    | KILL FOR duration { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_KILL, .value = $3); }
    | CLOCK JUMPS duration { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_CLOCK_JUMPS, .value = $3); }
    | CLOCK JUMPS MINUS duration
        { $$ = MAKE(UNARY, unary, span_join(@3, @4), .op = UNARY_NEGATE, .operand = $4);
          $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_CLOCK_JUMPS, .value = $$); }
    | ALERT string { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_ALERT, .value = $2); }
    | ACK { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_ACK); }
    | UNACK { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_UNACK); }
    | RESOLVE opt_string { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_RESOLVE, .value = $2); }
    | REOPEN opt_string { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_REOPEN, .value = $2); }
    | MITIGATED opt_string { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_MITIGATED, .value = $2); }
    | SET IDENT range { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_SET, NAMED(name, $2), .value = $3); }
    | APPROVE opt_string { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_APPROVE, .value = $2); }
    | APPROVE opt_string IN EMERGENCY
        { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_APPROVE, .value = $2, .emergency = true); }
    | REFUSE opt_string { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_REFUSE, .value = $2); }
    | ANSWER string WITH range { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_ANSWER, .to = $2, .value = $4); }
    | DONE opt_string { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_DONE, .value = $2); }
    | RETRY opt_string { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_RETRY, .value = $2); }
    | SKIP opt_string { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_SKIP, .value = $2); }
    | PAUSE { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_PAUSE); }
    | CONTINUE { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_CONTINUE); }
    | GO TO string { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_GOTO, .value = $3); }
    | TAKE OVER opt_string { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_TAKEOVER, .value = $3); }
    | ESCALATE { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_ESCALATE); }
    | ESCALATE TO dotted { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_ESCALATE, .value = $3); }
    | ASSIGN dotted TO dotted { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_ASSIGN, .value = $2, .to = $4); }
    | HAND OVER TO dotted { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_HANDOVER, .value = $4); }
    | MET string { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_MET, .value = $2); }
    | CANCEL { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_CANCEL); }
    | FOLLOW dotted { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_FOLLOW, .value = $2); }
    | SIGNAL JSON postfix { $$ = MAKE(DRILL_AT, drill_at, @$, .signal = SIGNAL_ANY, .value = $3); }
    ;
fact: fact_head
    | fact BY dotted { $$ = $1; ONCE_ONLY($$->fact.by, $3, @2, "by"); }
    | fact TO dotted { $$ = $1; ONCE_ONLY($$->fact.to, $3, @2, "to"); }
    | fact BEFORE duration { $$ = $1; ONCE_ONLY($$->fact.before, $3, @2, "before"); }
    | fact AFTER duration { $$ = $1; ONCE_ONLY($$->fact.after, $3, @2, "after"); }
    | fact AT duration { $$ = $1; ONCE_ONLY($$->fact.at, $3, @2, "at"); }
    | fact BEFORE pattern { $$ = $1; ONCE_ONLY($$->fact.before_ran, $3, @2, "before"); }
    | fact AFTER pattern { $$ = $1; ONCE_ONLY($$->fact.after_ran, $3, @2, "after"); }
    | fact FOR duration { $$ = $1; ONCE_ONLY($$->fact.lasting, $3, @2, "for"); }
    | fact MATCHING string { $$ = $1; ONCE_ONLY($$->fact.matching, $3, @2, "matching"); }
    | fact INT_LITERAL TIMES { $$ = $1; $$->fact.times = $2->value.integer; $$->fact.times_op = BINARY_EQ; }
    | fact AT_LEAST INT_LITERAL TIMES { $$ = $1; $$->fact.times = $3->value.integer; $$->fact.times_op = BINARY_GE; }
    | fact AT_MOST INT_LITERAL TIMES { $$ = $1; $$->fact.times = $3->value.integer; $$->fact.times_op = BINARY_LE; }
    ;
fact_head: PAGED dotted { $$ = MAKE(FACT, fact, @$, .kind = FACT_PAGED, .subject = $2, .times = -1); }
    | NOTIFIED dotted { $$ = MAKE(FACT, fact, @$, .kind = FACT_NOTIFIED, .subject = $2, .times = -1); }
    | DONE string { $$ = MAKE(FACT, fact, @$, .kind = FACT_DONE, .what = $2, .times = -1); }
    | FAILED string { $$ = MAKE(FACT, fact, @$, .kind = FACT_FAILED, .what = $2, .times = -1); }
    | SKIPPED string { $$ = MAKE(FACT, fact, @$, .kind = FACT_SKIPPED, .what = $2, .times = -1); }
    | STARTED string { $$ = MAKE(FACT, fact, @$, .kind = FACT_STARTED, .what = $2, .times = -1); }
    | ROLLED BACK string { $$ = MAKE(FACT, fact, @$, .kind = FACT_ROLLED_BACK, .what = $3, .times = -1); }
    | ASKED string { $$ = MAKE(FACT, fact, @$, .kind = FACT_ASKED, .what = $2, .times = -1); }
    | ATTACHED string { $$ = MAKE(FACT, fact, @$, .kind = FACT_ATTACHED, .what = $2, .times = -1); }
    | NOTED string { $$ = MAKE(FACT, fact, @$, .kind = FACT_NOTED, .what = $2, .times = -1); }
    | APPROVED string { $$ = MAKE(FACT, fact, @$, .kind = FACT_APPROVED, .what = $2, .times = -1); }
    | ASSIGNED dotted { $$ = MAKE(FACT, fact, @$, .kind = FACT_ASSIGNED, .subject = $2, .times = -1); }
    | RAN pattern { $$ = MAKE(FACT, fact, @$, .kind = FACT_RAN, .pattern = $2, .times = -1); }
    | SEVERITY fact_severity { $$ = MAKE(FACT, fact, @$, .kind = FACT_SEVERITY, .subject = $2, .times = -1); }
    | ACKNOWLEDGED { $$ = MAKE(FACT, fact, @$, .kind = FACT_ACKNOWLEDGED, .times = -1); }
    | UNACKNOWLEDGED { $$ = MAKE(FACT, fact, @$, .kind = FACT_UNACKNOWLEDGED, .times = -1); }
    | MITIGATED { $$ = MAKE(FACT, fact, @$, .kind = FACT_MITIGATED, .times = -1); }
    | RESOLVED { $$ = MAKE(FACT, fact, @$, .kind = FACT_RESOLVED, .times = -1); }
    | UNRESOLVED { $$ = MAKE(FACT, fact, @$, .kind = FACT_UNRESOLVED, .times = -1); }
    | ELAPSED comparison_sign duration
        { $$ = MAKE(FACT, fact, @$, .kind = FACT_ELAPSED, .op = $2, .value = $3, .times = -1); }
    | OUTPUT OF string comparison_sign string
        { $$ = MAKE(FACT, fact, @$, .kind = FACT_OUTPUT, .what = $3, .op = $4, .value = $5, .times = -1); }
    ;
fact_severity: dotted
    ;
promise: PROMISE string promise_kind opt_from
        { $$ = $3; $$->span = @$; $$->promise.title = $2; $$->promise.doc = build_doc(cx, @$); $$->promise.from = $4; }
    | PROMISE string OF dotted promise_kind opt_from
        { $$ = $5; $$->span = @$; $$->promise.title = $2; $$->promise.plan = $4; $$->promise.doc = build_doc(cx, @$);
          $$->promise.from = $6; }
    ;
promise_kind: WHENEVER fact THEN facts
        { $$ = MAKE(PROMISE, promise, @$, .kind = PROMISE_WHENEVER, .trigger = $2, .facts = $4); }
    | NEVER fact { $$ = MAKE(PROMISE, promise, @$, .kind = PROMISE_NEVER, .facts = build_list($2)); }
    | NEVER fact WITHOUT APPROVAL
        { $$ = MAKE(PROMISE, promise, @$, .kind = PROMISE_NEVER, .facts = build_list($2), .without_approval = true); }
    | NEVER fact ONLY AFTER string
        { $$ = MAKE(PROMISE, promise, @$, .kind = PROMISE_NEVER, .facts = build_list($2), .only_after = $5); }
    | ENDS facts { $$ = MAKE(PROMISE, promise, @$, .kind = PROMISE_ENDS, .facts = $2); }
    | facts { $$ = MAKE(PROMISE, promise, @$, .kind = PROMISE_ALWAYS, .facts = $1); }
    | fact ONLY AFTER string
        { $$ = MAKE(PROMISE, promise, @$, .kind = PROMISE_ALWAYS, .facts = build_list($1), .only_after = $4); }
    ;
facts: fact { $$ = build_list($1); }
    | facts OR fact { $$ = build_more($1, $3); }
    ;
%%

/* The token at the cursor. The cursor stays on the end of the file. No value points to a token of an earlier portion:
 * these are whole declarations, which are nodes by now. */
static int yylex(YYSTYPE *value, Span *span, Parse *cx)
{
    if (cx->reader && !cx->gave_up && cx->cursor == cx->list->tokens.count) {
        cx->gave_up = !token_reader_next(cx->reader);
        cx->cursor = 0;
    }
    if (cx->reader && cx->gave_up) return TOK_YYEOF;
    const Token *token = &cx->list->tokens.items[cx->cursor];
    if (cx->block_due > 0) {
        *span = (Span){token->span.file, token->span.start, token->span.start};
        return cx->block_due-- == 2 ? TOK_LBRACE : TOK_RBRACE;
    }
    if (token->kind != TOK_YYEOF) cx->cursor++;
    /* Every typed token has the same type, so any member of the union serves. */
    value->TOK_IDENT = token;
    *span = token->span;
    return token->kind;
}

static void yyerror(const Span *span, Parse *cx, const char *message)
{
    (void)message;
    if (cx->reader) return;
    Diag *diag = diag_report(cx->diagnostics, DIAG_P0117, *span, "this is nested too deeply");
    diag_help(cx->diagnostics, diag, "take parts out into a `let`, a `fn` or a plan of their own");
}

/* Symbol numbers are private to the automaton; messages speak of token kinds. */
static int yyreport_syntax_error(const yypcontext_t *state, Parse *cx)
{
    if (cx->reader) {
        cx->gave_up = true;
        return 0;
    }
    yysymbol_kind_t symbols[YYNTOKENS];
    int count = yypcontext_expected_tokens(state, symbols, YYNTOKENS);
    int kinds[YYNTOKENS] = {0}, expected[YYNTOKENS];
    if (count < 0) return count;
    for (int kind = 0; kind <= YYMAXUTOK; kind++) {
        yysymbol_kind_t symbol = YYTRANSLATE(kind);
        if (symbol != YYSYMBOL_YYUNDEF) kinds[symbol] = kind;
    }
    for (int i = 0; i < count; i++) expected[i] = kinds[symbols[i]];
    parse_error(cx, *yypcontext_location(state), expected, (size_t)count);
    return 0;
}

const char *token_kind_name(int kind)
{
    return yysymbol_name(YYTRANSLATE(kind));
}

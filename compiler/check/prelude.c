/* The prelude: what every program begins with, whatever its files say.
 *
 * In: a checker that knows nothing yet. Out: the same with the prelude's module, the names that are there in
 * every file, and the types that the language itself speaks of. It comes from the standard library's text, or
 * ready as the build left it (ready.h), which is the same and takes no time. Called first of all by
 * program.c. */
#include "compiler/check/ready.h"
#include "compiler/source/stdlib.h"
#include "compiler/syntax/parse.h"

#include <string.h>

static void init_types(Checker *c)
{
    c->wrong = type_simple(c->types, TYPE_WRONG);
    c->unit = type_simple(c->types, TYPE_UNIT);
    c->boolean = type_simple(c->types, TYPE_BOOL);
    c->integer = type_simple(c->types, TYPE_INT);
    c->real = type_simple(c->types, TYPE_FLOAT);
    c->duration = type_simple(c->types, TYPE_DURATION);
    c->time = type_simple(c->types, TYPE_TIME);
    c->string = type_simple(c->types, TYPE_STRING);
    c->secret = type_simple(c->types, TYPE_SECRET);
    c->json = type_simple(c->types, TYPE_JSON);
    c->fiber = type_simple(c->types, TYPE_FIBER);
    c->strings = type_list(c->types, c->string);
}

static Symbol *add_builtin(Checker *c, Scope *scope, BuiltinName builtin, Str name, const Type *type)
{
    Symbol *symbol = symbol_new(c, SYMBOL_BUILTIN, arena_copy(c->arena, name), NULL, (Span){0, 0, 0});
    symbol->builtin = builtin;
    symbol->type = type;
    symbol->module = NULL;
    scope_add(c, scope, symbol);
    return symbol;
}

static void init_universe(Checker *c)
{
    c->universe = scope_new(c, NULL, 32);
    add_builtin(c, c->universe, BUILTIN_NAME_SERVICE, STR("service"), c->unit);
    add_builtin(c, c->universe, BUILTIN_NAME_NOW, STR("now"), c->time);
    add_builtin(c, c->universe, BUILTIN_NAME_ME, STR("me"), c->string);
    add_builtin(c, c->universe, BUILTIN_NAME_THIS_RUN, STR("this_run"), c->string);
    add_builtin(c, c->universe, BUILTIN_NAME_HTTP, STR("http"), c->unit);
    add_builtin(c, c->universe, BUILTIN_NAME_SSH, STR("ssh"), c->unit);
    add_builtin(c, c->universe, BUILTIN_NAME_INCIDENT, STR("incident"), c->unit);
    add_builtin(c, c->universe, BUILTIN_NAME_ALERT, STR("alert"), c->unit);
    c->std_universe = scope_new(c, c->universe, 4);
    add_builtin(c, c->std_universe, BUILTIN_NAME_VM, STR("vm"), c->unit);
    c->prelude_universe = scope_new(c, c->std_universe, 4);
    add_builtin(c, c->prelude_universe, BUILTIN_NAME_EVEN_NOW, STR("now"), c->time);
}

/* The result of a look whose output is a secret: the same record, with a handle for its output. */
static const Type *with_secret(Checker *c, const Type *record, const char *field, Str name)
{
    if (record->kind != TYPE_RECORD) return record;
    TypeField *fields = arena_array(c->arena, TypeField, record->field_count + 1);
    memcpy(fields, record->fields, record->field_count * sizeof *fields);
    int index = type_field_index(record, str_from_c(field));
    if (index >= 0) fields[index].type = c->secret;
    return type_record(c->types, name, fields, record->field_count, record->decl);
}

/* What the prelude declares and every plan sees: its records, and its two globals under their names. */
void publish_prelude(Checker *c)
{
    struct {
        const Type **slot;
        Str name;
    } wanted[] = {{&c->response, STR_INIT("Response")}, {&c->result, STR_INIT("Result")},
                  {&c->message, STR_INIT("Message")},   {&c->contact, STR_INIT("Contact")},
                  {&c->channel, STR_INIT("Channel")},   {&c->alert, STR_INIT("Alert")},
                  {&c->delivery, STR_INIT("Delivery")}, {&c->incident, STR_INIT("Incident")}};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const Type *found = type_find_builtin(c->types, wanted[i].name);
        *wanted[i].slot = found ? found : c->wrong;
    }
    c->secret_response = with_secret(c, c->response, "body", STR("secret Response"));
    c->secret_result = with_secret(c, c->result, "out", STR("secret Result"));
    Symbol *incident = program_prelude(c->program, STR("incident"));
    Symbol *alert = program_prelude(c->program, STR("alert"));
    Symbol *seen = scope_find_here(c->universe, STR("incident"));
    seen->target_var = incident;
    seen->type = c->incident;
    seen = scope_find_here(c->universe, STR("alert"));
    seen->target_var = alert;
    seen->type = c->alert == c->wrong ? c->wrong : type_optional(c->types, c->alert);
}

/* The prelude is one module in several files: the declarations of std/prelude_… stand behind those of
 * std/prelude. */
static bool is_part(const EmbeddedFile *file)
{
    return str_starts_with(str_from_c(file->name), STR("std/prelude_"));
}

void std_open_all(Checker *c)
{
    for (const EmbeddedFile *file = stdlib_files; file->name; file++)
        source_add_static(c->program->sources, str_from_c(file->name), (Str){file->text, file->len});
}

void prelude_from_source(Checker *c)
{
    init_types(c);
    Module *module = module_new(c, open_std(c, STR("std/prelude")), true);
    for (const EmbeddedFile *file = stdlib_files; file->name; file++) {
        if (!is_part(file)) continue;
        const SourceFile *part = open_std(c, str_from_c(file->name));
        Node *root = parse_file_apart(c->arena, c->bodies, c->program->sources, part->id, c->diagnostics);
        for (Node *item = root->file.items.first, *next; item; item = next) {
            next = item->next;
            item->next = NULL;
            node_append(&module->root->file.items, item);
        }
    }
    c->program->prelude = module;
    modules_add(c, module);
    init_universe(c);
    check_modules(c, 0);
}

/* ---- as the build left it ---- */

/* The lists go on in this compilation's memory: they are full, so that the first addition copies them. */
static Program *program_after(const Program *ready, const Checker *c)
{
    Program *program = c->program;
    SourceSet *sources = program->sources;
    *program = *ready;
    program->arena = c->arena;
    program->sources = sources;
    program->types = c->types;
    program->modules.cap = program->modules.count;
    for (size_t i = 0; i < sizeof program->lists / sizeof program->lists[0]; i++)
        program->lists[i].cap = program->lists[i].count;
    return program;
}

bool prelude_load_ready(Checker *c)
{
    if (!ready_prelude) return false;
    const Checker outer = *c;
    *c = *ready_prelude;
    c->arena = c->bodies = outer.arena;
    c->diagnostics = outer.diagnostics;
    c->types = outer.types;
    types_adopt(c->types, ready_prelude->types);
    c->program = program_after(ready_prelude->program, &outer);
    std_open_all(c);
    return true;
}

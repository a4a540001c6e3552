/* The checker's door: a path comes in, a Program goes out.
 *
 * Loads the prelude, the file and what it imports (each file once, imported before importing), and runs the
 * passes of the checker over them in order. Called by compile.c and the tools. Reads files, and does nothing
 * else to the world. */
#include "compiler/check/check.h"
#include "compiler/source/stdlib.h"
#include "compiler/syntax/parse.h"

#include <string.h>

/* ---- paths ---- */

static Str folder_of(Str path)
{
    size_t end = path.len;
    while (end > 0 && path.data[end - 1] != '/')
        end--;
    return str_slice(path, 0, end);
}

static Str short_name_of(Str path)
{
    size_t start = folder_of(path).len;
    Str name = str_slice(path, start, path.len);
    return str_ends_with(name, STR(".plan")) ? str_slice(name, 0, name.len - 5) : name;
}

/* `folder/path` without "./" and with "x/../" taken out, so that a file is one module however it is written.
 */
static Str join_path(Arena *arena, Str folder, Str path)
{
    bool absolute = str_starts_with(path, STR("/"));
    Str rest = absolute ? path : arena_printf(arena, "%.*s%.*s", STR_ARG(folder), STR_ARG(path));
    Buffer out = {0};
    if (str_starts_with(rest, STR("/"))) buffer_add_char(&out, '/');
    size_t root = out.len;
    while (rest.len) {
        ptrdiff_t slash = str_find(rest, STR("/"));
        Str part = str_slice(rest, 0, slash < 0 ? rest.len : (size_t)slash);
        rest = slash < 0 ? (Str){"", 0} : str_slice(rest, (size_t)slash + 1, rest.len);
        if (part.len == 0 || str_equal(part, STR("."))) continue;
        Str last = short_name_of(buffer_str(&out));
        if (str_equal(part, STR("..")) && out.len > root && !str_equal(last, STR(".."))) {
            Str up = folder_of(buffer_str(&out));
            out.len = up.len > root ? up.len - 1 : root;
            continue;
        }
        if (out.len > root) buffer_add_char(&out, '/');
        buffer_add_str(&out, part);
    }
    Str joined = arena_copy(arena, buffer_str(&out));
    buffer_free(&out);
    return joined;
}

/* ---- modules ---- */

static Module *find_module(Checker *c, Str path)
{
    for (size_t i = 0; i < c->program->modules.count; i++) {
        if (str_equal(c->program->modules.items[i]->path, path)) return c->program->modules.items[i];
    }
    return NULL;
}

/* Modules on the way from the root to the one that is loaded, to see circles. */
typedef struct Loading {
    struct Loading *outer;
    Str path;
} Loading;

static Module *load_imports(Checker *c, Module *module, const Loading *loading);

static void modules_add(Checker *c, Module *module)
{
    Program *program = c->program;
    if (program->modules.count == program->modules.cap) {
        size_t cap = program->modules.cap ? program->modules.cap * 2 : 16;
        Module **items = arena_array(c->arena, Module *, cap);
        if (program->modules.count)
            memcpy(items, program->modules.items, program->modules.count * sizeof *items);
        program->modules.items = items;
        program->modules.cap = cap;
    }
    module->number = program->modules.count;
    program->modules.items[program->modules.count++] = module;
}

static Module *module_new(Checker *c, const SourceFile *file, bool is_std)
{
    Module *module = arena_new(c->arena, Module);
    module->path = file->path;
    module->short_name = short_name_of(file->path);
    module->file = file->id;
    module->is_std = is_std;
    module->is_prelude = str_equal(file->path, STR("std/prelude"));
    module->root = parse_file(c->arena, c->program->sources, file->id, c->diagnostics);
    return module;
}

static SourceFile *open_std(Checker *c, Str path)
{
    SourceFile *known = source_find(c->program->sources, path);
    if (known) return known;
    for (const EmbeddedFile *file = stdlib_files; file->name; file++) {
        if (str_equal_c(path, file->name)) {
            return source_add(c->program->sources, path, (Str){file->text, file->len});
        }
    }
    return NULL;
}

static void report_no_std(Checker *c, Span at, Str path)
{
    VEC(Str) names = {0};
    for (const EmbeddedFile *file = stdlib_files; file->name; file++)
        vec_push(&names, str_from_c(file->name));
    Diag *diag = report(c, P0205, at, "the standard library has no `%.*s`", STR_ARG(path));
    Str nearest = suggest_nearest(path, names.items, names.count);
    if (nearest.len) report_help(c, diag, "did you mean `%.*s`?", STR_ARG(nearest));
    vec_free(&names);
}

/* The module of an import; NULL when it was reported. */
static Module *load_import(Checker *c, Module *module, Node *import, const Loading *loading)
{
    Str written = {"", 0};
    Span at = import->import.path ? import->import.path->span : import->span;
    if (!node_plain_text(c->arena, import->import.path, &written)) {
        report(c, P0205, at, "the path of an import is a plain text");
        return NULL;
    }
    bool is_std = str_starts_with(written, STR("std/"));
    Str path = is_std ? written : join_path(c->arena, folder_of(module->path), written);
    for (const Loading *l = loading; l; l = l->outer) {
        if (!str_equal(l->path, path)) continue;
        report(c, P0206, at, "`%.*s` is imported in a circle", STR_ARG(written));
        return NULL;
    }
    Module *known = find_module(c, path);
    if (known) return known;
    Error error = {0};
    SourceFile *file = is_std ? open_std(c, path) : source_load(c->program->sources, path, &error);
    if (!file) {
        if (is_std)
            report_no_std(c, at, path);
        else
            report(c, P0205, at, "%s", error.text);
        return NULL;
    }
    return load_imports(c, module_new(c, file, is_std), loading);
}

static Module *load_imports(Checker *c, Module *module, const Loading *loading)
{
    Loading here = {(Loading *)(uintptr_t)loading, module->path};
    for node_each(item, module->root->file.items) {
        if (item->kind != NODE_IMPORT) continue;
        item->info = load_import(c, module, item, &here); /* declare.c makes the name of it */
    }
    modules_add(c, module);
    return module;
}

/* ---- passes ---- */

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
    Symbol *symbol = symbol_new(c, SYMBOL_BUILTIN, name, NULL, (Span){0, 0, 0});
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

/* What the prelude declares and every plan sees: its records, and its two globals under their names. */
static void publish_prelude(Checker *c)
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
    Symbol *incident = program_prelude(c->program, STR("incident"));
    Symbol *alert = program_prelude(c->program, STR("alert"));
    Symbol *seen = scope_find_here(c->universe, STR("incident"));
    seen->target_var = incident;
    seen->type = c->incident;
    seen = scope_find_here(c->universe, STR("alert"));
    seen->target_var = alert;
    seen->type = c->alert == c->wrong ? c->wrong : type_optional(c->types, c->alert);
}

static void check_service_exists(Checker *c)
{
    const Program *p = c->program;
    if (p->service || !p->plans.count) return;
    Diag *diag =
        report(c, P0214, p->plans.items[0]->span, "a program with plans has a service, and this has none");
    report_help(c, diag, "say what it is about: `service \"Shop\" { owner \"Storage team\" }`");
}

static void check_modules(Checker *c)
{
    Program *program = c->program;
    c->syntax_errors = c->diagnostics->items.count;
    for (size_t i = 0; i < program->modules.count; i++)
        declare_module(c, program->modules.items[i]);
    declare_types(c);
    publish_prelude(c);
    declare_signatures(c);
    for (size_t i = 0; i < program->modules.count; i++) {
        c->module = program->modules.items[i];
        c->scope = c->module->scope;
        for node_each(item, c->module->root->file.items)
            check_declaration(c, item);
    }
    check_service_exists(c);
    check_looks(c);
    check_people(c);
    check_timing(c);
    check_recursion(c);
    if (!c->syntax_errors) check_flow(c); /* what could not be read may be what is missed */
    check_evidence(c);
    check_scripts(c);
    check_drills(c);
    check_promises(c);
    check_supported(c);
    check_unused(c);
    check_allowed(c);
}

/* Is this file one of the standard library, checked by itself? */
static const EmbeddedFile *embedded_twin(const SourceFile *file)
{
    for (const EmbeddedFile *twin = stdlib_files; twin->name; twin++) {
        if (str_equal(file->text, (Str){twin->text, twin->len})) return twin;
    }
    return NULL;
}

/* The prelude is one module in several files: the declarations of std/prelude_… stand behind those of std/prelude. */
static Module *prelude_new(Checker *c, const SourceFile *first)
{
    Module *module = module_new(c, first, true);
    for (const EmbeddedFile *file = stdlib_files; file->name; file++) {
        if (!str_starts_with(str_from_c(file->name), STR("std/prelude_"))) continue;
        const SourceFile *part = open_std(c, str_from_c(file->name));
        Node *root = parse_file(c->arena, c->program->sources, part->id, c->diagnostics);
        for (Node *item = root->file.items.first, *next; item; item = next) {
            next = item->next;
            item->next = NULL;
            node_append(&module->root->file.items, item);
        }
    }
    return module;
}

static Program *check_source(Checker *c, SourceFile *root)
{
    init_types(c);
    SourceFile *prelude = open_std(c, STR("std/prelude"));
    if (!prelude) {
        error_set(c->error, "this compiler was built without its prelude");
        return NULL;
    }
    Module *module = prelude_new(c, prelude);
    c->program->prelude = module;
    modules_add(c, module);
    init_universe(c);
    const EmbeddedFile *twin = embedded_twin(root);
    bool is_prelude = twin && str_starts_with(str_from_c(twin->name), prelude->path);
    c->program->root = is_prelude ? module : load_imports(c, module_new(c, root, twin != NULL), NULL);
    check_modules(c);
    free(c->edges.items);
    free(c->unknown.items);
    return c->program;
}

static Checker checker_new(Arena *arena, SourceSet *sources, TypeTable *types, Diagnostics *diagnostics,
                           Error *error)
{
    Checker checker = {.arena = arena, .types = types, .diagnostics = diagnostics, .error = error};
    checker.program = arena_new(arena, Program);
    checker.program->arena = arena;
    checker.program->sources = sources;
    checker.program->types = types;
    return checker;
}

Program *check_program(Arena *arena, SourceSet *sources, TypeTable *types, Str root_path,
                       Diagnostics *diagnostics, Error *error)
{
    Checker checker = checker_new(arena, sources, types, diagnostics, error);
    SourceFile *file = source_load(sources, join_path(arena, (Str){"", 0}, root_path), error);
    return file ? check_source(&checker, file) : NULL;
}

Program *check_text(Arena *arena, SourceSet *sources, TypeTable *types, Str path, Str text,
                    Diagnostics *diagnostics, Error *error)
{
    Checker checker = checker_new(arena, sources, types, diagnostics, error);
    return check_source(&checker, source_add(sources, path, text));
}

Symbol *program_prelude(const Program *program, Str name)
{
    return scope_find_here(program->prelude->scope, name);
}

static Note *node_note(const Node *node, NoteKind kind)
{
    Note *note = node->info;
    return note && note->kind == kind ? note : NULL;
}

Call *node_call(const Node *node)
{
    Note *note = node_note(node, NOTE_CALL);
    return note ? &note->call : NULL;
}

Member *node_member(const Node *node)
{
    Note *note = node_note(node, NOTE_MEMBER);
    return note ? &note->member : NULL;
}

Effect *node_effect(const Node *node)
{
    Note *note = node_note(node, NOTE_EFFECT);
    return note ? &note->effect : NULL;
}

Command *node_command(const Node *node)
{
    Note *note = node_note(node, NOTE_COMMAND);
    return note ? &note->command : NULL;
}

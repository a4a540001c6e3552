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

void modules_add(Checker *c, Module *module)
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
    program->modules.items[program->modules.count++] = module;
}

Module *module_new(Checker *c, const SourceFile *file, bool is_std)
{
    Module *module = arena_new(c->arena, Module);
    module->path = arena_copy(c->arena, file->path);
    module->short_name = short_name_of(module->path);
    module->file = file->id;
    module->is_std = is_std;
    module->is_prelude = str_equal(file->path, STR("std/prelude"));
    module->root = parse_file_apart(c->arena, c->bodies, c->program->sources, file->id, c->diagnostics);
    return module;
}

bool std_has(Str path)
{
    for (const EmbeddedFile *file = stdlib_files; file->name; file++)
        if (str_equal_c(path, file->name)) return true;
    return false;
}

SourceFile *open_std(Checker *c, Str path)
{
    SourceFile *known = source_find(c->program->sources, path);
    if (known) return known;
    for (const EmbeddedFile *file = stdlib_files; file->name; file++) {
        if (str_equal_c(path, file->name)) {
            return source_add_static(c->program->sources, str_from_c(file->name), (Str){file->text, file->len});
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

/* A module of the standard library that the build has checked, behind those that it imports. */
static Module *add_ready(Checker *c, Module *module)
{
    for node_each(item, module->root->file.items) {
        Module *imported = item->kind == NODE_IMPORT ? item->symbol->target : NULL;
        if (imported && !find_module(c, imported->path)) add_ready(c, imported);
    }
    modules_add(c, module);
    return module;
}

/* NULL: the standard library has none of that path. */
static Module *load_library(Checker *c, Str path, const Loading *loading)
{
    Module *known = find_module(c, path);
    if (known) return known;
    for (size_t i = 0; i < c->library.count; i++)
        if (str_equal(c->library.items[i]->path, path)) return add_ready(c, c->library.items[i]);
    SourceFile *file = open_std(c, path);
    return file ? load_imports(c, module_new(c, file, true), loading) : NULL;
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
    if (is_std) {
        Module *library = load_library(c, path, loading);
        if (!library) report_no_std(c, at, path);
        return library;
    }
    Module *known = find_module(c, path);
    if (known) return known;
    Error error = {0};
    SourceFile *file = source_load(c->program->sources, path, &error);
    if (file) return load_imports(c, module_new(c, file, false), loading);
    report(c, P0205, at, "%s", error.text);
    return NULL;
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

Module *load_std(Checker *c, Str path)
{
    return load_library(c, path, NULL);
}

/* ---- passes ---- */

static void check_service_exists(Checker *c)
{
    const Program *p = c->program;
    if (p->service || !p->plans.count) return;
    Diag *diag =
        report(c, P0214, p->plans.items[0]->span, "a program with plans has a service, and this has none");
    report_help(c, diag, "say what it is about: `service \"Shop\" { owner \"Storage team\" }`");
}

void check_modules(Checker *c, size_t first)
{
    Program *program = c->program;
    const Program before = *program;
    c->syntax_errors = c->diagnostics->items.count;
    for (size_t i = first; i < program->modules.count; i++)
        declare_module(c, program->modules.items[i]);
    declare_types(c, &before);
    if (!first) publish_prelude(c);
    declare_signatures(c, &before);
    deeds_begin(c);
    for (size_t i = first; i < program->modules.count; i++) {
        c->module = program->modules.items[i];
        take_deeds(c, c->module);
        if (c->module->is_ready) continue;
        c->scope = c->module->scope;
        for node_each(item, c->module->root->file.items) {
            check_declaration(c, item);
            gather_deeds(c, item);
            if (!c->syntax_errors) check_flow(c, item); /* what could not be read may be what is missed */
        }
    }
    check_looks(c);
    c->edges.count = 0;
    if (!c->syntax_errors) check_flow_ends(c, &before);
}

/* What only shows when all is there. */
static void check_whole(Checker *c)
{
    check_service_exists(c);
    check_people(c);
    check_timing(c);
    check_recursion(c);
    check_evidence(c);
    check_scripts(c);
    check_drills(c);
    check_promises(c);
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

void checker_free(Checker *c)
{
    vec_free(&c->edges);
    vec_free(&c->unknown);
    command_room_free(&c->room);
}

static Program *check_source(Checker *c, SourceFile *root)
{
    const EmbeddedFile *twin = embedded_twin(root);
    bool is_prelude = twin && str_starts_with(str_from_c(twin->name), STR("std/prelude"));
    if (is_prelude || !prelude_load_ready(c)) prelude_from_source(c);
    Program *program = c->program;
    size_t first = program->modules.count;
    program->root = is_prelude ? program->prelude : load_imports(c, module_new(c, root, twin != NULL), NULL);
    check_modules(c, first);
    check_whole(c);
    checker_free(c);
    return c->program;
}

static Checker checker_new(Arena *arena, SourceSet *sources, TypeTable *types, Diagnostics *diagnostics)
{
    Checker checker = {.arena = arena, .bodies = arena, .types = types, .diagnostics = diagnostics};
    checker.program = arena_new(arena, Program);
    checker.program->arena = arena;
    checker.program->sources = sources;
    checker.program->types = types;
    return checker;
}

static Program *check_path(Checker *c, Str path, Error *error)
{
    SourceFile *file = source_load(c->program->sources, join_path(c->arena, (Str){"", 0}, path), error);
    return file ? check_source(c, file) : NULL;
}

Program *check_program(Arena *arena, SourceSet *sources, TypeTable *types, Str root_path, Diagnostics *diagnostics,
                       Error *error)
{
    Checker checker = checker_new(arena, sources, types, diagnostics);
    return check_path(&checker, root_path, error);
}

Program *check_text(Arena *arena, SourceSet *sources, TypeTable *types, Str path, Str text,
                    Diagnostics *diagnostics)
{
    Checker checker = checker_new(arena, sources, types, diagnostics);
    return check_source(&checker, source_add(sources, path, text));
}

Symbol *program_prelude(const Program *program, Str name)
{
    return scope_find_here(program->prelude->scope, name);
}

const Type *node_goal(const Node *node)
{
    const Note *note = node->info;
    return note && note->kind == NOTE_GOAL ? note->goal.type : NULL;
}

static Note *node_note(const Node *node, NoteKind kind)
{
    Note *note = node->info;
    if (note && note->kind == NOTE_GOAL) note = note->goal.note;
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

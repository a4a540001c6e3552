/* How the plan's own file says what other files declare: `people.lead`. Whoever writes a piece of that file (a run of the past
 * as a drill) asks this.
 *
 * `imported` has, for each list of the metadata, the names that are not the file's own, with what they are called there;
 * `imports` the files of the program that it does not import itself, with the path and the name that an import would have. */
#include "compiler/lower/metadata_parts.h"

/* The name under which the root file has imported the module; empty: it has not. */
static Str import_name(const Program *program, const Module *module)
{
    for (const Node *item = program->root->root->file.items.first; item; item = item->next) {
        if (item->kind == NODE_IMPORT && item->symbol && item->symbol->target == module) return item->symbol->name;
    }
    return (Str){0};
}

static Str folder_of(Str path)
{
    size_t end = path.len;
    while (end > 0 && path.data[end - 1] != '/')
        end--;
    return str_slice(path, 0, end);
}

/* The module's path from the root file's folder: `./people.plan`, `../shared/people.plan`. */
static Str path_from_root(MetadataWriter *writer, const Module *module)
{
    Str from = folder_of(writer->program->root->path), to = module->path;
    size_t same = 0;
    for (size_t i = 0; i < from.len && i < to.len && from.data[i] == to.data[i]; i++) {
        if (from.data[i] == '/') same = i + 1;
    }
    Buffer path = {0};
    for (size_t i = same; i < from.len; i++) {
        if (from.data[i] == '/') buffer_add_c(&path, "../");
    }
    Str text = arena_printf(writer->scope.arena, "%s%.*s", path.len ? path.data : "./", STR_ARG(str_slice(to, same, to.len)));
    buffer_free(&path);
    return text;
}

static Str name_here(MetadataWriter *writer, const Symbol *symbol)
{
    Str alias = import_name(writer->program, symbol->module);
    if (!alias.len) alias = symbol->module->short_name;
    return arena_printf(writer->scope.arena, "%.*s.%.*s", STR_ARG(alias), STR_ARG(symbol->name));
}

/* Nothing at all where nothing is imported. */
static void write_names(MetadataWriter *writer, const char *key, const SymbolList *symbols)
{
    bool opened = false;
    for (size_t i = 0; i < symbols->count; i++) {
        const Symbol *symbol = symbols->items[i];
        if (!symbol->module || symbol->module == writer->program->root || symbol->module->is_prelude) continue;
        if (!opened) out_key(&writer->out, key);
        if (!opened) out_open(&writer->out, '{');
        opened = true;
        out_text_at(&writer->out, arena_copy_c(writer->scope.arena, symbol->name), name_here(writer, symbol));
    }
    if (opened) out_close(&writer->out, '}');
}

void metadata_names(MetadataWriter *writer)
{
    const Program *program = writer->program;
    out_key(&writer->out, "imported");
    out_open(&writer->out, '{');
    write_names(writer, "contacts", &program->contacts);
    write_names(writer, "roles", &program->roles);
    write_names(writer, "rotations", &program->rotations);
    write_names(writer, "channels", &program->channels);
    write_names(writer, "severities", &program->severities);
    write_names(writer, "hosts", &program->hosts);
    write_names(writer, "secrets", &program->secrets);
    write_names(writer, "plans", &program->plans);
    out_close(&writer->out, '}');
    out_key(&writer->out, "imports");
    out_open(&writer->out, '[');
    for (size_t i = 0; i < program->modules.count; i++) {
        const Module *module = program->modules.items[i];
        bool own = module == program->root || module->is_prelude || module->is_std;
        if (own || import_name(program, module).len) continue;
        out_open(&writer->out, '{');
        out_text_at(&writer->out, "as", module->short_name);
        out_text_at(&writer->out, "path", path_from_root(writer, module));
        out_close(&writer->out, '}');
    }
    out_close(&writer->out, ']');
}

/* Gathering the findings of several compilations (see findings.h). */
#include "compiler/diag/findings.h"

#include "vm/base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *diag_severity_text(DiagSeverity severity)
{
    static const char *const texts[] = {
        [DIAG_ERROR] = "error", [DIAG_WARNING] = "warning", [DIAG_NOTE] = "note"};
    return texts[severity];
}

Str findings_clean(Arena *arena, Str text, bool for_xml)
{
    Buffer clean = {0};
    for (size_t i = 0; i < text.len;) {
        uint32_t code = 0;
        size_t len = utf8_decode(str_slice(text, i, text.len), &code);
        bool control = code < 0x20 && code != '\n' && code != '\t' && code != '\r';
        bool fine = len && !(for_xml && (control || code == 0xFFFE || code == 0xFFFF));
        if (fine)
            buffer_add(&clean, text.data + i, len);
        else
            buffer_add_c(&clean, "\xEF\xBF\xBD");
        i += len ? len : 1;
    }
    Str copy = arena_copy(arena, buffer_str(&clean));
    buffer_free(&clean);
    return copy;
}

/* ---- paths ---- */

/* The folder with .git above the working directory, else the working directory itself. */
static Str root_of(Findings *findings)
{
    if (findings->root.len) return findings->root;
    char *here = realpath(".", NULL);
    Str root = arena_printf(&findings->arena, "%s/", here && strcmp(here, "/") != 0 ? here : "");
    for (size_t len = root.len; len > 0; len--) {
        if (root.data[len - 1] != '/') continue;
        Str git = arena_printf(&findings->arena, "%.*s.git", (int)len, root.data);
        if (access(git.data, F_OK) != 0) continue;
        root = str_slice(root, 0, len);
        break;
    }
    free(here);
    return findings->root = root;
}

/* Links are resolved, so that a file is one file by whatever way it is imported. What is no file stays as it
 * is. */
static Str real_path(Findings *findings, Str path)
{
    char *real = realpath(arena_copy_c(&findings->arena, path), NULL);
    Str found = real ? arena_copy(&findings->arena, str_from_c(real)) : arena_copy(&findings->arena, path);
    free(real);
    return found;
}

static Str shown_path(Findings *findings, Str real)
{
    Str root = root_of(findings);
    Str inside = str_starts_with(real, root) ? str_slice(real, root.len, real.len) : real;
    return findings_clean(&findings->arena, inside, false);
}

Str findings_shown(Findings *findings, const CheckedFile *file)
{
    return shown_path(findings, real_path(findings, file->path));
}

/* ---- records ---- */

static uint32_t file_of(Findings *findings, const SourceFile *file)
{
    Str real = real_path(findings, file->path);
    SourceFile *mine = map_get(&findings->by_path, real);
    if (mine) return mine->id;
    mine = source_add(&findings->sources, findings_clean(&findings->arena, file->path, false), file->text);
    map_set(&findings->by_path, real, mine);
    while (findings->shown.count <= mine->id)
        vec_push(&findings->shown, (Str){0});
    findings->shown.items[mine->id] = shown_path(findings, real);
    return mine->id;
}

static Span span_of(Findings *findings, const SourceSet *sources, Span at)
{
    const SourceFile *file = source_file(sources, at.file);
    return file ? (Span){file_of(findings, file), at.start, at.end} : (Span){UINT32_MAX, 0, 0};
}

static void add_one(Findings *findings, const Diag *diag, const SourceSet *sources)
{
    Arena *arena = &findings->arena;
    Diag *copy = arena_new(arena, Diag);
    *copy = *diag;
    copy->at = span_of(findings, sources, diag->at);
    Str key =
        arena_printf(arena, "%u:%u:%u:%u", copy->at.file, copy->at.start, copy->at.end, (unsigned)diag->code);
    if (map_has(&findings->known, key)) return;
    map_set(&findings->known, key, copy);
    copy->message = findings_clean(arena, diag->message, false);
    copy->help = findings_clean(arena, diag->help, false);
    for (size_t i = 0; i < diag->related_count; i++) {
        copy->related[i].at = span_of(findings, sources, diag->related[i].at);
        copy->related[i].label = findings_clean(arena, diag->related[i].label, false);
    }
    diag_add(&findings->diagnostics, copy);
}

void findings_add(Findings *findings, Str path, Diagnostics *diagnostics, const SourceSet *sources,
                  Str unreadable)
{
    CheckedFile file = {.path = arena_copy(&findings->arena, path),
                        .unreadable = findings_clean(&findings->arena, unreadable, false)};
    vec_push(&findings->files, file);
    diagnostics_sort(diagnostics);
    for (size_t i = 0; i < diagnostics->items.count; i++)
        if (!diagnostics->items.items[i]->dropped) add_one(findings, diagnostics->items.items[i], sources);
}

void findings_free(Findings *findings)
{
    map_free(&findings->by_path);
    map_free(&findings->known);
    vec_free(&findings->files);
    vec_free(&findings->shown);
    diagnostics_free(&findings->diagnostics);
    source_set_free(&findings->sources);
    arena_free(&findings->arena);
    *findings = (Findings){0};
}

size_t findings_count(const Findings *findings, DiagSeverity from)
{
    const Diagnostics *all = &findings->diagnostics;
    return all->errors + (from >= DIAG_WARNING ? all->warnings : 0) + (from >= DIAG_NOTE ? all->notes : 0);
}

bool findings_unreadable(const Findings *findings)
{
    for (size_t i = 0; i < findings->files.count; i++)
        if (findings->files.items[i].unreadable.len) return true;
    return false;
}

Diag **findings_worst_first(Findings *findings)
{
    Diagnostics *all = &findings->diagnostics;
    diagnostics_sort(all);
    Diag **sorted = memory_alloc((all->items.count + 1) * sizeof *sorted);
    size_t count = 0;
    for (DiagSeverity severity = DIAG_ERROR; severity <= DIAG_NOTE; severity++)
        for (size_t i = 0; i < all->items.count; i++)
            if (all->items.items[i]->severity == severity) sorted[count++] = all->items.items[i];
    return sorted;
}

/* The collection of diagnostics: records, duplicates, order, codes. In: reports of every room of the
 * compiler. Out: records for the renderers. It prints nothing. */
#include "compiler/diag/diag.h"

#include "compiler/source/stdlib.h"

#include <stdlib.h>
#include <string.h>

typedef struct CodeInfo {
    const char *text, *title, *about;
    DiagSeverity severity;
} CodeInfo;

static const CodeInfo codes[] = {
#define DIAG(code, severity, title, about) [DIAG_##code] = {#code, title, about, DIAG_##severity},
#include "compiler/diag/codes.def"
#undef DIAG
};

const char *diag_code_text(DiagCode code)
{
    return codes[code].text;
}

const char *diag_code_title(DiagCode code)
{
    return codes[code].title;
}

const char *diag_code_about(DiagCode code)
{
    return codes[code].about;
}

DiagSeverity diag_code_severity(DiagCode code)
{
    return codes[code].severity;
}

Str diag_code_page(DiagCode code)
{
    for (const EmbeddedFile *page = error_pages; page->name; page++)
        if (strcmp(codes[code].text, page->name) == 0) return (Str){page->text, page->len};
    return (Str){0};
}

bool diag_code_find(Str text, DiagCode *code)
{
    for (int i = 0; i < DIAG_CODE_COUNT; i++) {
        if (!str_equal_c(text, codes[i].text)) continue;
        *code = (DiagCode)i;
        return true;
    }
    return false;
}

static void count(Diagnostics *diagnostics, DiagSeverity severity, bool more)
{
    size_t *slot = severity == DIAG_ERROR     ? &diagnostics->errors
                   : severity == DIAG_WARNING ? &diagnostics->warnings
                                              : &diagnostics->notes;
    *slot = more ? *slot + 1 : *slot - 1;
}

/* Was the same said of the same place? If not, it is from now on, until it is taken back. */
static bool is_said(Diagnostics *diagnostics, Diag *diag)
{
    uint32_t key[] = {(uint32_t)diag->code, diag->at.file, diag->at.start, diag->at.end};
    Str bytes = {(const char *)key, sizeof key};
    const Diag *other = map_get(&diagnostics->said, bytes);
    if (other && !other->dropped) return true;
    map_set(&diagnostics->said, arena_copy(&diagnostics->arena, bytes), diag);
    return false;
}

Diag *diag_report(Diagnostics *diagnostics, DiagCode code, Span at, const char *format, ...)
{
    Diag *diag = arena_new(&diagnostics->arena, Diag);
    *diag =
        (Diag){.code = code, .severity = codes[code].severity, .at = at, .order = diagnostics->items.count};
    va_list args;
    va_start(args, format);
    diag->message = arena_vprintf(&diagnostics->arena, format, args);
    va_end(args);
    diag->dropped = is_said(diagnostics, diag);
    if (!diag->dropped) count(diagnostics, diag->severity, true);
    vec_push(&diagnostics->items, diag);
    return diag;
}

void diag_add(Diagnostics *diagnostics, Diag *diag)
{
    diag->order = diagnostics->items.count;
    count(diagnostics, diag->severity, true);
    vec_push(&diagnostics->items, diag);
}

void diag_second(Diagnostics *diagnostics, Diag *diag, Span at, const char *format, ...)
{
    if (diag->related_count == sizeof diag->related / sizeof diag->related[0]) return;
    DiagSecond *second = &diag->related[diag->related_count++];
    va_list args;
    va_start(args, format);
    *second = (DiagSecond){at, arena_vprintf(&diagnostics->arena, format, args)};
    va_end(args);
}

void diag_help(Diagnostics *diagnostics, Diag *diag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag->help = arena_vprintf(&diagnostics->arena, format, args);
    va_end(args);
}

void diag_drop(Diagnostics *diagnostics, Diag *diag)
{
    if (diag->dropped) return;
    diag->dropped = true;
    count(diagnostics, diag->severity, false);
}

static int compare(const void *left, const void *right)
{
    const Diag *a = *(Diag *const *)left, *b = *(Diag *const *)right;
    if (a->at.file != b->at.file) return a->at.file < b->at.file ? -1 : 1;
    if (a->at.start != b->at.start) return a->at.start < b->at.start ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

void diagnostics_sort(Diagnostics *diagnostics)
{
    if (diagnostics->items.count > 1)
        qsort(diagnostics->items.items, diagnostics->items.count, sizeof *diagnostics->items.items, compare);
}

void diagnostics_free(Diagnostics *diagnostics)
{
    vec_free(&diagnostics->items);
    map_free(&diagnostics->said);
    arena_free(&diagnostics->arena);
    *diagnostics = (Diagnostics){0};
}

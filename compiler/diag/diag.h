/* Diagnostics: what is wrong in a plan, collected as records and rendered at the end.
 *
 * In: a code of codes.def, a place, one sentence in the reader's words. Out: sorted records, as text or JSON
 * (other forms: findings.h). Lexer, parser and checker report; the command line renders. Nothing here prints
 * or ends the program. */
#ifndef PLAN_DIAG_DIAG_H
#define PLAN_DIAG_DIAG_H

#include "compiler/source/source.h"
#include "vm/base/map.h"

typedef enum DiagSeverity { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE } DiagSeverity;

/* DIAG_P0101, … : one for each line of codes.def. */
typedef enum DiagCode {
#define DIAG(code, severity, title, about) DIAG_##code,
#include "compiler/diag/codes.def"
#undef DIAG
    DIAG_CODE_COUNT
} DiagCode;

typedef struct DiagSecond {
    Span at;
    Str label;
} DiagSecond;

typedef struct Diag {
    DiagCode code;
    DiagSeverity severity; /* of the code; whoever reports may change it */
    Span at;
    Str message; /* one sentence, no final full stop needed */
    Str help;    /* empty: none */
    DiagSecond related[3];
    size_t related_count;
    bool dropped; /* said already by an earlier record */
    size_t order; /* as reported */
} Diag;

/* Owns its records and their texts. Zero-initialise; diagnostics_free when done. */
typedef struct Diagnostics {
    Arena arena;
    VEC(Diag *) items;
    size_t errors, warnings, notes; /* of what is not dropped */
    Map said;                       /* code and span → the record */
} Diagnostics;

void diagnostics_free(Diagnostics *diagnostics);

/* Records one finding. A second report with the same code at the same span is dropped. The result stays valid
 * and is never NULL, so that diag_second and diag_help can follow. */
Diag *diag_report(Diagnostics *diagnostics, DiagCode code, Span at, const char *format, ...)
    PLAN_PRINTF(4, 5);
/* Adds a record that is complete, as it is; its texts must live as long as the Diagnostics. */
void diag_add(Diagnostics *diagnostics, Diag *diag);
/* A second place and what it has to do with the matter ("first declared here"). At most three are kept. */
void diag_second(Diagnostics *diagnostics, Diag *diag, Span at, const char *format, ...) PLAN_PRINTF(4, 5);
/* What to do about it, in one line. The last one given stands. */
void diag_help(Diagnostics *diagnostics, Diag *diag, const char *format, ...) PLAN_PRINTF(3, 4);

/* Takes a record back as if it had not been reported (for `# plan: allow`). */
void diag_drop(Diagnostics *diagnostics, Diag *diag);

/* By file, place and order of reporting. Called by the renderers; harmless to call again. */
void diagnostics_sort(Diagnostics *diagnostics);

const char *diag_code_text(DiagCode code);  /* "P0101" */
const char *diag_code_title(DiagCode code); /* "unexpected-token" */
const char *diag_code_about(DiagCode code); /* one sentence about the kind of mistake */
DiagSeverity diag_code_severity(DiagCode code);
Str diag_code_page(DiagCode code); /* docs/errors/CODE.md, built in; empty when there is none */
bool diag_code_find(Str text, DiagCode *code); /* "P0101" → code */

/* Renderers. Both sort first. `colour` puts ANSI colours around the severity and the carets. */
void diag_render_text(Diagnostics *diagnostics, const SourceSet *sources, bool colour, Buffer *out);
/* [{"code","severity","message","file","line","column","end_line","end_column","offset","end_offset","help",
 *   "related":[{"message","file","line","column",…}]}], one record a line. help is null when there is none.
 */
void diag_render_json(Diagnostics *diagnostics, const SourceSet *sources, Buffer *out);

/* The candidate that word was probably meant to be (by spelling distance), or an empty Str. Ties go to the
 * first. */
Str suggest_nearest(Str word, const Str *candidates, size_t count);

#endif

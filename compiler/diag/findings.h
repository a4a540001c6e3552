/* The findings of several compilations as one document.
 *
 * In: each file that was checked, with its diagnostics or the reason why it could not be read. Out: every
 * finding once, also one in a file that several others import, and renderers for the programs that read them.
 * Everything that is kept is copied, so that a compilation can be freed once it was added; texts are valid
 * UTF-8. Nothing here prints. */
#ifndef PLAN_DIAG_FINDINGS_H
#define PLAN_DIAG_FINDINGS_H

#include "compiler/diag/diag.h"
#include "vm/base/map.h"

typedef struct CheckedFile {
    Str path;       /* as it was named */
    Str unreadable; /* why it could not be read; empty: it could */
} CheckedFile;

/* Zero-initialise; findings_free when done. */
typedef struct Findings {
    Arena arena;
    SourceSet sources;       /* the files that have findings, in the order in which they were met */
    Diagnostics diagnostics; /* spans are of `sources` */
    VEC(CheckedFile) files;  /* those that were asked for, in order */
    VEC(Str) shown;          /* by number of source file: its path relative to the repository's root */
    Str root;                /* of the repository, ending in a slash; found when first needed */
    Map by_path, known;
} Findings;

/* unreadable: empty, or why the file could not be read. */
void findings_add(Findings *findings, Str path, Diagnostics *diagnostics, const SourceSet *sources,
                  Str unreadable);
void findings_free(Findings *findings);
/* How many are at this severity or a worse one. */
size_t findings_count(const Findings *findings, DiagSeverity from);
bool findings_unreadable(const Findings *findings); /* any file */

/* SARIF 2.1.0, one run. With more than 25,000 findings the worst are kept and the document says how many are
 * not. */
void findings_render_sarif(Findings *findings, Buffer *out);
/* JUnit as GitLab and Jenkins read it: a case for each finding, failed from `from` on; one that passes for a
 * clean file. */
void findings_render_junit(Findings *findings, DiagSeverity from, Buffer *out);
/* GitHub's workflow commands, the worst first. */
void findings_render_github(Findings *findings, Buffer *out);
/* The same as a table in markdown, for $GITHUB_STEP_SUMMARY. */
void findings_render_summary(Findings *findings, Buffer *out);

/* For the renderers: the file's path relative to the repository's root. */
Str findings_shown(Findings *findings, const CheckedFile *file);
/* For the renderers: a copy of the records, worst first, then as they are sorted. free() it. */
Diag **findings_worst_first(Findings *findings);
/* The text, every byte that is no UTF-8 (and for XML every character that XML has not) replaced by U+FFFD. */
Str findings_clean(Arena *arena, Str text, bool for_xml);
const char *diag_severity_text(DiagSeverity severity); /* "error" */

#endif

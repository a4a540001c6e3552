/* What the files that write metadata share: plans and drills are written by files of their own. */
#ifndef PLAN_LOWER_METADATA_PARTS_H
#define PLAN_LOWER_METADATA_PARTS_H

#include "compiler/lower/constant.h"
#include "compiler/lower/reach.h"

typedef struct MetadataWriter {
    const Program *program;
    ConstantScope scope;
    JsonOut out;
    Reach early; /* what is reckoned before a run has begun */
} MetadataWriter;

/* "file" and "line" of a node. */
void metadata_place(MetadataWriter *writer, Span span);
/* The source text under a span, its blanks and newlines each made one blank. It lives in the arena. */
Str metadata_source(MetadataWriter *writer, Span span);

/* A list of objects, whose members `write` gives for each symbol. */
void metadata_symbols(MetadataWriter *writer, const char *key, const SymbolList *symbols,
                      void (*write)(MetadataWriter *, const Symbol *));

/* The members of a setting, or of a plan's parameter. */
void metadata_param(MetadataWriter *writer, const Symbol *symbol);
void metadata_service(MetadataWriter *writer, const Node *service); /* members of "service" besides its name */
void metadata_declared(MetadataWriter *writer);                      /* "hosts", "recurring" */
void metadata_names(MetadataWriter *writer); /* what imported things are called in the root file */
void metadata_starts(MetadataWriter *writer, const Node *plan);      /* members of a plan: what starts it */
void metadata_plans(MetadataWriter *writer);  /* the value of "plans" */
void metadata_drills(MetadataWriter *writer); /* the value of "drills" */
void metadata_coverage(MetadataWriter *writer); /* the value of "coverage" */

#endif

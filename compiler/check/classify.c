/* `classify`: which severity follows from measurements.
 *
 * In: NODE_CLASSIFY and its arms. Out: its conditions typed, and findings: an arm that never decides, figures that two
 * arms claim, figures that none of them names. Figures are reckoned where an arm compares one parameter with literals;
 * any other arm is left to its author. Called by declarations.c. */
#include "compiler/check/check.h"

#include <math.h>

/* What one arm says of one parameter: the figures between two ends. */
typedef struct Figures {
    const Symbol *param; /* NULL: not known */
    double low, high;    /* infinite: no end */
    bool low_open, high_open;
    const Node *low_at, *high_at; /* the literals, or NULL */
} Figures;

enum { ARM_LIMIT = 100 };

typedef struct Table {
    Checker *c;
    Node *node;
    Node *arms[ARM_LIMIT];
    Figures figures[ARM_LIMIT];
    bool decides[ARM_LIMIT]; /* it is the first that holds, for some figure */
    size_t count;
    bool otherwise;
} Table;

/* ---- the figures of a condition ---- */

static bool figure_of(const Node *node, double *value)
{
    switch (node->kind) {
    case NODE_INT: *value = (double)node->integer.value; return true;
    case NODE_FLOAT: *value = node->real.value; return true;
    case NODE_PERCENT: *value = node->percent.value; return true;
    case NODE_DURATION: *value = (double)node->duration.value; return true;
    case NODE_UNARY:
        if (node->unary.op != UNARY_NEGATE || !figure_of(node->unary.operand, value)) return false;
        *value = -*value;
        return true;
    default: return false;
    }
}

static BinaryOp turned(BinaryOp op)
{
    switch (op) {
    case BINARY_LT: return BINARY_GT;
    case BINARY_LE: return BINARY_GE;
    case BINARY_GT: return BINARY_LT;
    case BINARY_GE: return BINARY_LE;
    default: return op;
    }
}

static Figures everything(const Symbol *param)
{
    return (Figures){.param = param, .low = -INFINITY, .high = INFINITY, .low_open = true, .high_open = true};
}

static Figures compared(const Symbol *param, BinaryOp op, double value, const Node *at)
{
    Figures f = everything(param);
    bool above = op == BINARY_GT || op == BINARY_GE || op == BINARY_EQ;
    bool below = op == BINARY_LT || op == BINARY_LE || op == BINARY_EQ;
    if (!above && !below) return (Figures){0};
    if (above) f.low = value, f.low_open = op == BINARY_GT, f.low_at = at;
    if (below) f.high = value, f.high_open = op == BINARY_LT, f.high_at = at;
    return f;
}

static const Symbol *param_of(const Table *table, const Node *node)
{
    bool own = node->kind == NODE_NAME && node->symbol && node->symbol->kind == SYMBOL_LOCAL &&
               node->symbol->home == table->node;
    return own ? node->symbol : NULL;
}

static Figures both(Figures a, Figures b)
{
    if (!a.param || a.param != b.param) return (Figures){0};
    if (b.low > a.low || (b.low == a.low && b.low_open)) {
        a.low = b.low;
        a.low_open = b.low_open;
        a.low_at = b.low_at;
    }
    if (b.high < a.high || (b.high == a.high && b.high_open)) {
        a.high = b.high;
        a.high_open = b.high_open;
        a.high_at = b.high_at;
    }
    return a;
}

static Figures figures_of(const Table *table, const Node *node)
{
    if (!node || node->kind != NODE_BINARY) return (Figures){0};
    const Node *left = node->binary.left, *right = node->binary.right;
    BinaryOp op = node->binary.op;
    if (op == BINARY_AND) return both(figures_of(table, left), figures_of(table, right));
    const Symbol *param = param_of(table, left);
    double value, end;
    if (op == BINARY_IN && param && right->kind == NODE_RANGE) {
        if (!figure_of(right->range.start, &value) || !figure_of(right->range.end, &end)) return (Figures){0};
        return both(compared(param, BINARY_GE, value, right->range.start),
                    compared(param, BINARY_LE, end, right->range.end));
    }
    if (param && figure_of(right, &value)) return compared(param, op, value, right);
    param = param_of(table, right);
    if (param && figure_of(left, &value)) return compared(param, turned(op), value, left);
    return (Figures){0};
}

static bool holds_for(const Figures *f, double value)
{
    bool above = f->low_open ? value > f->low : value >= f->low;
    bool below = f->high_open ? value < f->high : value <= f->high;
    return above && below;
}

static bool has_two_ends(const Figures *f)
{
    return f->low_at && f->high_at;
}

/* ---- findings ---- */

typedef struct Sample {
    double value;
    const Node *from, *to; /* the literals around it; both the same: it is that one */
} Sample;

static Str words(const Table *table, const Node *at)
{
    return source_text(table->c->program->sources, at->span);
}

static Str sample_text(const Table *table, Sample sample)
{
    Arena *arena = table->c->arena;
    if (!sample.from) return arena_printf(arena, "below %.*s", STR_ARG(words(table, sample.to)));
    if (!sample.to) return arena_printf(arena, "above %.*s", STR_ARG(words(table, sample.from)));
    if (sample.from == sample.to) return words(table, sample.from);
    Str from = words(table, sample.from), to = words(table, sample.to);
    return arena_printf(arena, "between %.*s and %.*s", STR_ARG(from), STR_ARG(to));
}

static void report_overlap(const Table *table, size_t a, size_t b, Sample sample)
{
    Checker *c = table->c;
    Diag *diag = report(c, P0713, table->arms[b]->span, "`%.*s` %.*s is claimed by two severities",
                        STR_ARG(table->figures[b].param->name), STR_ARG(sample_text(table, sample)));
    report_second(c, diag, table->arms[a]->span, "this one decides, since it stands first");
    report_help(c, diag, "let one end where the other begins");
}

static void report_gap(const Table *table, const Symbol *param, Sample sample)
{
    Checker *c = table->c;
    Diag *diag = report(c, P0712, table->node->span, "no arm says how bad `%.*s` %.*s is", STR_ARG(param->name),
                        STR_ARG(sample_text(table, sample)));
    report_help(c, diag, table->otherwise ? "`otherwise` takes it; if that is meant, let an arm say so"
                                          : "let an arm name it, or end with `otherwise SEVERITY`");
}

typedef struct Search {
    const Symbol *param;
    bool told_gap;
    bool told[ARM_LIMIT]; /* the overlap of this arm with an earlier one */
    bool seen_any, ended; /* figures that an arm names came before; and then one that none names */
    Sample hole;
} Search;

static void try_sample(Table *table, Search *search, Sample sample)
{
    size_t first = table->count;
    for (size_t i = 0; i < table->count; i++) {
        const Figures *f = &table->figures[i];
        if (f->param != search->param || !holds_for(f, sample.value)) continue;
        if (first == table->count) {
            first = i;
            table->decides[i] = true;
        } else if (!search->told[i] && has_two_ends(f) && table->decides[i]) {
            search->told[i] = true;
            report_overlap(table, first, i, sample);
        }
    }
    bool named = first < table->count;
    if (named && search->ended && table->otherwise && !search->told_gap) {
        search->told_gap = true;
        report_gap(table, search->param, search->hole);
    }
    if (named) {
        search->seen_any = true;
    } else if (!table->otherwise && !search->told_gap) {
        search->told_gap = true;
        report_gap(table, search->param, sample);
    } else if (search->seen_any && !search->ended) {
        search->ended = true;
        search->hole = sample;
    }
}

static int by_value(const void *a, const void *b)
{
    const Sample *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return x->from->span.start < y->from->span.start ? -1 : x->from->span.start > y->from->span.start;
}

/* Every end, and a figure between each two of them, show all there is to see. */
static void try_figures(Table *table, const Symbol *param)
{
    Sample ends[2 * ARM_LIMIT];
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++) {
        const Figures *f = &table->figures[i];
        if (f->param != param) continue;
        if (f->low_at) ends[count++] = (Sample){f->low, f->low_at, f->low_at};
        if (f->high_at) ends[count++] = (Sample){f->high, f->high_at, f->high_at};
    }
    if (!count) return;
    qsort(ends, count, sizeof *ends, by_value);
    bool whole = param->type->kind == TYPE_INT;
    for (int round = 0; round < 2; round++) { /* the first round finds who decides, the second what is odd */
        Search search = {.param = param, .told_gap = round == 0};
        for (size_t i = 0; round == 0 && i < ARM_LIMIT; i++)
            search.told[i] = true;
        try_sample(table, &search, (Sample){ends[0].value - 1, NULL, ends[0].from});
        for (size_t i = 0; i < count; i++) {
            try_sample(table, &search, ends[i]);
            bool last = i + 1 == count;
            double gap = last ? 2 : ends[i + 1].value - ends[i].value;
            if (gap <= 0 || (whole && gap <= 1)) continue;
            double between = last ? ends[i].value + 1 : ends[i].value + (whole ? 1 : gap / 2);
            try_sample(table, &search, (Sample){between, ends[i].from, last ? NULL : ends[i + 1].from});
        }
    }
}

static void check_table(Table *table)
{
    Checker *c = table->c;
    bool all_known = true;
    const Symbol *one = table->count ? table->figures[0].param : NULL;
    for (size_t i = 0; i < table->count; i++) {
        if (!table->figures[i].param || table->figures[i].param != one) all_known = false;
    }
    if (!all_known && !table->otherwise) {
        Diag *diag = report(c, P0712, table->node->span, "no arm is sure to hold: some measurements have no severity");
        report_help(c, diag, "end with `otherwise SEVERITY`");
    }
    if (!all_known) return; /* measurements of several kinds overlap as a matter of course */
    try_figures(table, one);
    for (size_t i = 0; i < table->count; i++) {
        if (table->decides[i]) continue;
        report(c, P0901, table->arms[i]->span, "this arm never decides: those before it hold whenever it does");
    }
}

void check_classify(Checker *c, Node *node)
{
    Symbol *symbol = node->symbol;
    if (!symbol) return;
    Body body;
    Table *table = arena_new(c->arena, Table);
    table->c = c;
    table->node = node;
    enter_body(c, &body, BODY_VALUE, node, symbol, NULL);
    push_scope(c);
    declare_params_here(c, symbol);
    for node_each(arm, node->classify.arms) {
        check_reference(c, arm->classify_arm.severity, KIND(SEVERITY), "severity");
        if (table->otherwise) report(c, P0901, arm->span, "this arm is never reached: `otherwise` stands before it");
        if (!arm->classify_arm.when) {
            table->otherwise = true;
            continue;
        }
        check_condition(c, arm->classify_arm.when, false);
        if (table->count == ARM_LIMIT || table->otherwise) continue;
        table->figures[table->count] = figures_of(table, arm->classify_arm.when);
        table->arms[table->count++] = arm;
    }
    if (!c->diagnostics->errors) check_table(table);
    pop_scope(c);
    leave_body(c, &body);
}

/* Makes the prelude ready while planc is built: a program of its own, which prints the C file that prelude.c
 * reads.
 *
 * The prelude is parsed and checked twice, into memory at different addresses. A word that is the same in
 * both is a value; one that is not has to point into that memory, at the same offset both times. Nothing
 * needs to know how anything is laid out; what points anywhere else (into the program itself, say) cannot be
 * kept, and ends the build with its offset. */
#include "compiler/check/ready.h"
#include "compiler/source/stdlib.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ROOM = 16 << 20 };

extern const char __executable_start, end; /* the linker's: what lies between them is the program's own */

typedef struct Memory {
    Arena arena;
    const char *start;
    size_t size;
} Memory;

/* One time: the regions READY_DECLARATIONS and READY_BODIES, and what they leave outside. */
typedef struct Run {
    Memory memory[READY_TEXTS];
    SourceSet sources;
    Diagnostics diagnostics;
    size_t root;
} Run;

static bool run(Run *run)
{
    for (int i = 0; i < READY_TEXTS; i++) {
        run->memory[i].arena.chunk = ROOM; /* one chunk, in which everything lies behind the first */
        run->memory[i].start = arena_alloc(&run->memory[i].arena, sizeof(uint64_t));
    }
    Arena *arena = &run->memory[READY_DECLARATIONS].arena;
    Checker *c = arena_new(arena, Checker);
    run->root = (size_t)((const char *)c - run->memory[READY_DECLARATIONS].start);
    c->arena = arena;
    c->bodies = &run->memory[READY_BODIES].arena;
    c->diagnostics = &run->diagnostics;
    c->types = types_new(arena);
    c->program = arena_new(arena, Program);
    c->program->arena = arena;
    c->program->sources = &run->sources;
    c->program->types = c->types;
    source_add(&run->sources, STR(""), STR("")); /* the file that is compiled comes first */
    prelude_from_source(c);

    vec_free(&c->edges);
    vec_free(&c->unknown);
    c->arena = c->bodies = c->program->arena = NULL;
    c->diagnostics = NULL;
    c->program->sources = NULL;
    c->types = types_abandon(c->types);
    c->locals = (SymbolList){0};
    for (int i = 0; i < READY_TEXTS; i++)
        run->memory[i].size = (size_t)(run->memory[i].arena.next - run->memory[i].start);
    return run->diagnostics.items.count == 0;
}

static uint64_t word_at(const Memory *memory, size_t i)
{
    uint64_t word;
    memcpy(&word, memory->start + i * sizeof word, sizeof word);
    return word;
}

static bool is_own(uint64_t word)
{
    return word >= (uintptr_t)&__executable_start && word < (uintptr_t)&end;
}

/* An empty Str, which may point anywhere: the word behind it is its length. */
static bool is_empty_text(const Memory *memory, size_t i)
{
    uint64_t word = word_at(memory, i);
    return is_own(word) && *(const char *)(uintptr_t)word == 0 && word_at(memory, i + 1) == 0;
}

/* A word as it is kept. Sets *points if it points into a region. False: it points where nothing will be. */
static bool keep(const Run *runs, uint64_t first, uint64_t second, uint64_t *kept, bool *points)
{
    for (size_t i = 0; stdlib_files[i].name; i++) {
        uint64_t text = (uintptr_t)stdlib_files[i].text;
        if (first != second || first < text || first > text + stdlib_files[i].len) continue;
        *kept = (READY_TEXTS + i) << READY_REGION_SHIFT | (first - text);
        return *points = true;
    }
    for (uint64_t i = 0; i < READY_TEXTS && first != second; i++) {
        uint64_t offset = first - (uintptr_t)runs[0].memory[i].start;
        if (offset > runs[0].memory[i].size || second - (uintptr_t)runs[1].memory[i].start != offset)
            continue;
        *kept = i << READY_REGION_SHIFT | offset;
        return *points = true;
    }
    *kept = first;
    *points = false;
    return first == second && !is_own(first);
}

static bool print_part(const Run *runs, int region, const char *name)
{
    const Memory *memory = &runs[0].memory[region];
    const size_t count = memory->size / sizeof(uint64_t);
    uint64_t *pointers = memory_alloc((count / 64 + 1) * sizeof *pointers);
    bool fine = true;
    printf("static const uint64_t %s[] = {\n", name);
    for (size_t i = 0; i < count; i++) {
        uint64_t word = (uint64_t)READY_TEXTS << READY_REGION_SHIFT | stdlib_files[0].len; /* empty, too */
        bool points = is_empty_text(memory, i);
        if (!points && !keep(runs, word_at(memory, i), word_at(&runs[1].memory[region], i), &word, &points)) {
            fprintf(stderr, "make_ready: %s + %zu points out of the prelude, at \"%.20s\"\n", name, i * 8,
                    is_own(word_at(memory, i)) ? (const char *)(uintptr_t)word_at(memory, i) : "");
            fine = false;
        }
        if (points) pointers[i / 64] |= UINT64_C(1) << i % 64;
        printf("%" PRIu64 "u,%s", word, i % 16 == 15 ? "\n" : "");
    }
    printf("0};\nstatic const uint64_t %s_pointers[] = {\n", name);
    for (size_t i = 0; i <= count / 64; i++)
        printf("%" PRIu64 "u,\n", pointers[i]);
    puts("};");
    free(pointers);
    return fine;
}

int main(void)
{
    static Run runs[2];
    if (!run(&runs[0]) || !run(&runs[1])) {
        Buffer text = {0};
        diag_render_text(&runs[0].diagnostics, &runs[0].sources, false, &text);
        fprintf(stderr, "make_ready: the prelude is not clean\n%s", text.data);
        return 1;
    }
    puts("#include \"compiler/check/ready.h\"\n");
    bool fine = print_part(runs, READY_DECLARATIONS, "declarations");
    fine = print_part(runs, READY_BODIES, "bodies") && fine;
    puts("const Ready ready_prelude = {");
    for (int i = 0; i < READY_TEXTS; i++) {
        const char *name = i == READY_DECLARATIONS ? "declarations" : "bodies";
        printf("    .%s = {%s, %s_pointers, %zu},\n", name, name, name,
               runs[0].memory[i].size / sizeof(uint64_t));
    }
    printf("    .root = %zu,\n};\n", runs[0].root);
    return fine ? 0 : 1;
}

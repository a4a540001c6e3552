/* Makes the standard library ready while planc is built: a program of its own, which prints the C file that
 * prelude.c reads.
 *
 * It is parsed and checked twice, into memory at different addresses. A word that is the same in
 * both is a value; one that is not has to point into that memory, at the same offset both times. Nothing
 * needs to know how anything is laid out; what points anywhere else (into the program itself, say) cannot be
 * kept, and ends the build with its offset. */
#include "compiler/check/ready.h"
#include "compiler/source/stdlib.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ROOM = 16 << 20, DECLARATIONS = 0, BODIES, REGIONS };

static const char *const names[REGIONS] = {"ready_declarations", "ready_bodies"};

extern const char __executable_start, end; /* the linker's: what lies between them is the program's own */

typedef struct Memory {
    Arena arena;
    const char *start;
    size_t size;
} Memory;

/* One time: what is declared, what stands in bodies, and what they leave outside. */
typedef struct Run {
    Memory memory[REGIONS];
    SourceSet sources;
    Diagnostics diagnostics;
    size_t root;
} Run;

/* What has a number in the program cannot be made ready: it depends on the other files. */
static bool has_numbered(const Program *all, const Program *prelude)
{
    return all->contacts.count + all->calendars.count + all->severities.count + all->plans.count +
               all->steps.count >
           prelude->contacts.count + prelude->calendars.count + prelude->severities.count +
               prelude->plans.count + prelude->steps.count;
}

/* The other modules of the standard library, which a program has only when it imports them: checked, and then
 * taken out of the program again, which knows the prelude alone. */
static bool make_library(Checker *c)
{
    Program *program = c->program;
    const Program prelude = *program;
    size_t first = program->modules.count;
    for (const EmbeddedFile *file = stdlib_files; file->name; file++)
        if (!str_starts_with(str_from_c(file->name), STR("std/prelude"))) load_std(c, str_from_c(file->name));
    check_modules(c, first);
    for (size_t i = 0; i < program->modules.count; i++) {
        Module *module = program->modules.items[i];
        if (i >= first) keep_deeds(c, module);
        module->is_ready = true;
    }
    c->library.items = program->modules.items + first;
    c->library.count = program->modules.count - first;
    const uint32_t symbol_count = program->symbol_count;
    const bool fine = !has_numbered(program, &prelude);
    if (!fine) fputs("make_ready: std/ declares contacts, calendars, severities or plans\n", stderr);
    *program = prelude;
    program->symbol_count = symbol_count;
    return fine;
}

static bool run(Run *run)
{
    for (int i = 0; i < REGIONS; i++) {
        run->memory[i].arena.chunk = ROOM; /* one chunk, in which everything lies behind the first */
        run->memory[i].start = arena_alloc(&run->memory[i].arena, sizeof(uint64_t));
    }
    Arena *arena = &run->memory[DECLARATIONS].arena;
    Checker *c = arena_new(arena, Checker);
    run->root = (size_t)((const char *)c - run->memory[DECLARATIONS].start);
    c->arena = arena;
    c->bodies = &run->memory[BODIES].arena;
    c->diagnostics = &run->diagnostics;
    c->types = types_new(arena);
    c->program = arena_new(arena, Program);
    c->program->arena = arena;
    c->program->sources = &run->sources;
    c->program->types = c->types;
    source_add(&run->sources, STR(""), STR("")); /* the file that is compiled comes first */
    std_open_all(c);
    prelude_from_source(c);
    const bool fine = make_library(c);

    checker_free(c);
    c->arena = c->bodies = c->program->arena = NULL;
    c->diagnostics = NULL;
    c->program->sources = NULL;
    c->types = types_abandon(c->types);
    c->locals = (SymbolList){0};
    for (int i = 0; i < REGIONS; i++)
        run->memory[i].size = (size_t)(run->memory[i].arena.next - run->memory[i].start);
    return fine && run->diagnostics.items.count == 0;
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

static void print_pointer(const char *start, uint64_t offset)
{
    printf("READY_POINTER(%s, %" PRIu64 "),", start, offset);
}

/* A word that is the same both times is a value, unless it points into a text of the standard library. False:
 * it points where nothing will be. */
static bool print_word(const Run *runs, int region, size_t i)
{
    uint64_t first = word_at(&runs[0].memory[region], i), second = word_at(&runs[1].memory[region], i);
    if (is_empty_text(&runs[0].memory[region], i)) {
        printf("{.to = \"\"},");
        return true;
    }
    for (size_t n = 0; stdlib_files[n].name && first == second; n++) {
        uint64_t offset = first - (uintptr_t)stdlib_files[n].text;
        if (first < (uintptr_t)stdlib_files[n].text || offset > stdlib_files[n].len) continue;
        char start[40];
        snprintf(start, sizeof start, "stdlib_files_%zu", n);
        print_pointer(start, offset);
        return true;
    }
    for (int n = 0; n < REGIONS && first != second; n++) {
        uint64_t offset = first - (uintptr_t)runs[0].memory[n].start;
        if (offset > runs[0].memory[n].size || second - (uintptr_t)runs[1].memory[n].start != offset)
            continue;
        print_pointer(names[n], offset);
        return true;
    }
    printf("{%" PRIu64 "u},", first);
    return first == second && !is_own(first);
}

static bool print_region(const Run *runs, int region)
{
    const Memory *memory = &runs[0].memory[region];
    bool fine = true;
    printf("alignas(max_align_t) const ReadyWord %s[] = {\n", names[region]);
    for (size_t i = 0; i < memory->size / sizeof(uint64_t); i++) {
        if (!print_word(runs, region, i)) {
            fprintf(stderr, "make_ready: %s + %zu points out of the prelude, at \"%.20s\"\n", names[region],
                    i * 8, is_own(word_at(memory, i)) ? (const char *)(uintptr_t)word_at(memory, i) : "");
            fine = false;
        }
        if (i % 8 == 7) putchar('\n');
    }
    puts("{0}};");
    return fine;
}

int main(void)
{
    static Run runs[2];
    if (!run(&runs[0]) || !run(&runs[1])) {
        Buffer text = {0};
        diag_render_text(&runs[0].diagnostics, &runs[0].sources, false, &text);
        fprintf(stderr, "make_ready: the standard library is not clean\n%s", text.data);
        return 1;
    }
    puts("#include \"compiler/check/ready.h\"\n#include <stddef.h>\n");
    for (size_t i = 0; stdlib_files[i].name; i++)
        printf("extern const unsigned char stdlib_files_%zu[];\n", i);
    bool fine = print_region(runs, DECLARATIONS);
    fine = print_region(runs, BODIES) && fine;
    printf("const Checker *const ready_prelude = (const void *)((const char *)ready_declarations + %zu);\n",
           runs[0].root);
    return fine ? 0 : 1;
}

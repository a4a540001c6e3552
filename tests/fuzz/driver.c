/* The fuzz targets without libFuzzer: `driver TARGET COUNT SEED KEEP FILE…` gives each file to the target as
 * it is, and then COUNT texts that are made of the files by chance. The same arguments make the same texts. A
 * text that crashes the target or never ends is kept in KEEP. */
#include "tests/fuzz/random.h"
#include "tests/fuzz/targets.h"
#include "tests/fuzz/watchdog.h"
#include "vm/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECONDS_EACH = 20, LARGEST = 16384 };

static const struct {
    const char *name;
    void (*run)(Str text);
} targets[] = {{"lexer", target_lexer},
               {"parser", target_parser},
               {"checker", target_checker},
               {"formatter", target_formatter}};

typedef struct Texts {
    Arena arena;
    VEC(Str) list;
} Texts;

static bool load(const char *path, Texts *texts)
{
    FILE *in = fopen(path, "rb");
    Buffer bytes = {0};
    char block[4096];
    if (!in) return perror(path), false;
    for (size_t n; (n = fread(block, 1, sizeof block, in)) > 0;)
        buffer_add(&bytes, block, n);
    fclose(in);
    vec_push(&texts->list, arena_copy(&texts->arena, buffer_str(&bytes)));
    buffer_free(&bytes);
    return true;
}

/* A piece of a text, as long as a word or a few lines. */
static Str piece(Random *random, Str text)
{
    if (!text.len) return text;
    size_t start = random_below(random, text.len);
    return str_slice(text, start, start + 1 + random_below(random, random_below(random, 2) ? 12 : 200));
}

static void mutate(Random *random, const Texts *texts, Buffer *out)
{
    static const char odd[] = "\"`${}()[]#;,.:=\\\n\t\0\x80\xff 0d-";
    Str text = texts->list.items[random_below(random, texts->list.count)];
    size_t changes = 1 + random_below(random, 4);
    buffer_clear(out);
    buffer_add_str(out, str_slice(text, 0, LARGEST));
    for (size_t i = 0; i < changes; i++) {
        size_t at = random_below(random, out->len + 1), cut = 0;
        Str put = {"", 0};
        switch (random_below(random, 4)) {
        case 0: cut = random_below(random, 20); break;
        case 1: put = piece(random, texts->list.items[random_below(random, texts->list.count)]); break;
        case 2: put = piece(random, buffer_str(out)), cut = random_below(random, 20); break;
        default: put = (Str){&odd[random_below(random, sizeof odd - 1)], 1}; break;
        }
        Buffer next = {0};
        buffer_add_str(&next, str_slice(buffer_str(out), 0, at));
        buffer_add_str(&next, put);
        buffer_add_str(&next, str_slice(buffer_str(out), at + cut, out->len));
        buffer_free(out);
        *out = next;
    }
}

int main(int argc, char **argv)
{
    Texts texts = {0};
    Buffer text = {0};
    size_t target = 0, count = argc > 4 ? strtoul(argv[2], NULL, 10) : 0;
    const size_t known = sizeof targets / sizeof targets[0];
    while (argc > 4 && target < known && strcmp(targets[target].name, argv[1]) != 0)
        target++;
    if (argc < 6 || target == known)
        return fputs("driver lexer|parser|checker|formatter COUNT SEED KEEP FILE...\n", stderr), 2;
    Random random = {strtoull(argv[3], NULL, 10)};
    watchdog_start(argv[4]);
    for (int i = 5; i < argc; i++) {
        if (!load(argv[i], &texts)) return 2;
        watchdog_watch(argv[i], texts.list.items[texts.list.count - 1], SECONDS_EACH);
        targets[target].run(texts.list.items[texts.list.count - 1]);
    }
    for (size_t i = 0; i < count; i++) {
        mutate(&random, &texts, &text);
        watchdog_watch("a text made by chance", buffer_str(&text), SECONDS_EACH);
        targets[target].run(buffer_str(&text));
    }
    vec_free(&texts.list);
    arena_free(&texts.arena);
    buffer_free(&text);
    return 0;
}

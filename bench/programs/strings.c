#include <stdio.h>
#include <stdlib.h>
#include <string.h>
typedef struct Text {
    char *bytes;
    size_t len, cap;
} Text;
static void add(Text *text, const char *bytes, size_t len)
{
    if (text->len + len > text->cap) {
        text->cap = (text->cap + len) * 2;
        text->bytes = realloc(text->bytes, text->cap);
    }
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
}
int main(int argc, char **argv)
{
    (void)argc;
    long most = atol(argv[1]);
    Text text = {0}, joined = {0};
    char **words = malloc((size_t)most * sizeof *words);
    for (long i = 0; i < most; i++) {
        char word[32];
        add(&text, "ab,", 3);
        snprintf(word, sizeof word, "w%ld", i);
        words[i] = strdup(word);
    }
    for (long i = 0; i < most; i++) {
        if (i) add(&joined, " ", 1);
        add(&joined, words[i], strlen(words[i]));
    }
    printf("%zu\n", text.len + joined.len);
    return 0;
}

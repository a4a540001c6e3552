/* recv FILE WORD…: appends each word to FILE, with a NUL behind it. Built by tests/live/injection.sh. */
#include <stdio.h>

int main(int argc, char **argv)
{
    FILE *file = argc > 1 ? fopen(argv[1], "a") : NULL;
    if (!file) return 1;
    for (int i = 2; i < argc; i++) {
        fputs(argv[i], file);
        putc(0, file);
    }
    return fclose(file) != 0;
}

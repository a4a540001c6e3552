#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
    (void)argc;
    long most = atol(argv[1]), count = 0;
    bool *flags = malloc((size_t)most);
    for (long i = 0; i < most; i++) flags[i] = true;
    for (long i = 2; i < most; i++) {
        if (!flags[i]) continue;
        count++;
        for (long at = i + i; at < most; at += i) flags[at] = false;
    }
    printf("%ld\n", count);
    free(flags);
    return 0;
}

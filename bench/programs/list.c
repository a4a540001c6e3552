#include <stdio.h>
#include <stdlib.h>
static int compare(const void *left, const void *right)
{
    long a = *(const long *)left, b = *(const long *)right;
    return (a > b) - (a < b);
}
int main(int argc, char **argv)
{
    (void)argc;
    long most = atol(argv[1]), x = 42, sum = 0;
    size_t count = 0, middle = (size_t)most / 2;
    long *xs = malloc((size_t)most * sizeof *xs), *kept = malloc((size_t)most * sizeof *kept);
    for (long i = 0; i < most; i++) xs[i] = x = x * 16807 % 2147483647;
    for (long i = 0; i < most; i++) xs[i] = xs[i] % 1000003;
    for (long i = 0; i < most; i++) {
        if (xs[i] % 3 != 0) kept[count++] = xs[i];
    }
    qsort(kept, count, sizeof *kept, compare);
    for (size_t i = 0; i < count; i++) sum += kept[i];
    printf("%ld\n", sum + (middle < count ? kept[middle] : 0));
    return 0;
}

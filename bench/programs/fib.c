#include <stdio.h>
#include <stdlib.h>
static long fib(long k)
{
    if (k < 2) return k;
    return fib(k - 1) + fib(k - 2);
}
int main(int argc, char **argv)
{
    (void)argc;
    printf("%ld\n", fib(atol(argv[1])));
    return 0;
}

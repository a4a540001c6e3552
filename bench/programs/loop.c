#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
    (void)argc;
    long n = atol(argv[1]), sum = 0;
    for (long i = 0; i < n; i++) {
        sum = sum + i;
        if (sum > 1000000007) sum = sum - 1000000007;
    }
    printf("%ld\n", sum);
    return 0;
}

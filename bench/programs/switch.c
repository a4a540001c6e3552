#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>
static ucontext_t here, there;
static long passed;
static void fiber(void)
{
    for (;;) {
        passed++;
        swapcontext(&there, &here);
    }
}
int main(int argc, char **argv)
{
    (void)argc;
    static char stack[64 << 10];
    long n = atol(argv[1]);
    getcontext(&there);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof stack;
    makecontext(&there, fiber, 0);
    for (long i = 0; i < n; i++) swapcontext(&here, &there);
    printf("%ld\n", passed);
    return 0;
}

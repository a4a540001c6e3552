/* Runs one program and says what it took: `launch LIMIT OUTPUT PROGRAM ARG…` prints "CPU-ms wall-ms peak-KiB status".
 *
 * CPU is that of everything that the program started, also of what outlives it for a moment (the keeper of changes); wall and peak are
 * the program's own. The program's standard output goes to OUTPUT, its messages to /dev/null; after LIMIT seconds it is ended. It is
 * started from this small process so that its peak of memory is its own and not that of an interpreter which forked. bench/measure.py calls it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double milliseconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double milliseconds_of(struct timeval time)
{
    return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static double cpu_of(const struct rusage *usage)
{
    return milliseconds_of(usage->ru_utime) + milliseconds_of(usage->ru_stime);
}

static void become(char **argv)
{
    int output = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (output < 0 || nothing < 0) _exit(126);
    dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(nothing, STDERR_FILENO);
    alarm((unsigned)atoi(argv[1]));
    execvp(argv[3], argv + 3);
    _exit(127);
}

int main(int argc, char **argv)
{
    if (argc < 4) return 2;
    struct rusage usage, later;
    int status = 0;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    double began = milliseconds_now();
    pid_t child = fork();
    if (child < 0) return 2;
    if (child == 0) become(argv);
    if (wait4(child, &status, 0, &usage) != child) return 2;
    double wall = milliseconds_now() - began;
    double cpu = cpu_of(&usage);
    while (wait4(-1, NULL, 0, &later) > 0)
        cpu += cpu_of(&later);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    printf("%.3f %.3f %ld %d\n", cpu, wall, usage.ru_maxrss, code);
    return 0;
}

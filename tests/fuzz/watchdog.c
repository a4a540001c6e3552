/* Signals of a crash or of time that is over come in; the present text goes to a file, its name to stderr
 * (watchdog.h). */
#include "tests/fuzz/watchdog.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const char *keep_path = "found.plan";
static const char *present_what = "";
static Str present_text;

/* Only what a signal handler may call. */
static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0) _exit(1);
}

void watchdog_keep(void)
{
    int file = open(keep_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || write(file, present_text.data, present_text.len) < 0) say("it could not be kept: ");
    if (file >= 0) close(file);
    say(present_what);
    say("\nkept as ");
    say(keep_path);
    say("\n");
}

static void fell(int number)
{
    say(number == SIGALRM ? "it does not end: " : "it crashes: ");
    watchdog_keep();
    _exit(1);
}

void watchdog_start(const char *keep)
{
    static const int numbers[] = {SIGALRM, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    keep_path = keep;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        signal(numbers[i], fell);
}

void watchdog_watch(const char *what, Str text, unsigned seconds)
{
    present_what = what;
    present_text = text;
    alarm(seconds);
}

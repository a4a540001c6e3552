/* The floor for commands: `spawn N [DATABASE]` starts `true` N times with posix_spawn, one after the other, reads its output to the
 * end and collects it. With a database it also makes two durable commits for each, as whoever records intent and result must. */
#include <fcntl.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int run_true(void)
{
    int pipes[2], status = 0;
    char bytes[4096], name[] = "true", *argv[] = {name, NULL};
    pid_t pid;
    posix_spawn_file_actions_t actions;
    if (pipe2(pipes, O_CLOEXEC) != 0) return 1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
    int code = posix_spawn(&pid, "/bin/true", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipes[1]);
    while (code == 0 && read(pipes[0], bytes, sizeof bytes) > 0) continue;
    close(pipes[0]);
    return code || waitpid(pid, &status, 0) != pid || status;
}

static int keep(sqlite3 *db, int number, const char *what)
{
    char text[256];
    if (!db) return 0;
    snprintf(text, sizeof text, "INSERT INTO rows VALUES (NULL, %d, '%s', '{\"argv\":[\"true\"],\"timeout\":30000}')", number, what);
    return sqlite3_exec(db, text, NULL, NULL, NULL);
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 1000, failed = 0;
    sqlite3 *db = NULL;
    if (argc > 2) {
        unlink(argv[2]);
        failed = sqlite3_open(argv[2], &db) ||
                 sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE rows (seq INTEGER PRIMARY KEY, effect INT, "
                                  "kind TEXT, json TEXT)", NULL, NULL, NULL);
    }
    for (int i = 0; i < count && !failed; i++)
        failed = keep(db, i, "intent") || run_true() || keep(db, i, "result");
    sqlite3_close(db);
    return failed;
}

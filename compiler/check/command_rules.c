/* What is known of programs: which commands look and which change, which arguments are read as code, and how
 * kubectl is used wrongly at night.
 *
 * In: a Command. Out: its class, and findings. The tables are here and in commands.def; to teach it another
 * program, add a row. */
#include "compiler/check/command_words.h"

#include <string.h>
#include <strings.h>

/* ---- looks and changes ---- */

/* Is the text one of the words, whatever its letters' case? `begins`: it only has to begin with one. */
static bool word_among(Str text, const char *const *words, size_t count, bool begins)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(words[i]);
        if (text.len < len || strncasecmp(text.data, words[i], len) != 0) continue;
        if (text.len == len || begins) return true;
    }
    return false;
}

#define WORD_AMONG(text, words, begins) word_among(text, words, sizeof(words) / sizeof(words)[0], begins)

/* What stands behind an option, in its own word or in the same; empty: the option is not there, or a value of the plan is. */
static Str word_behind(const Command *command, const char *option, const char *name)
{
    for (size_t i = 1; i < command->word_count; i++) {
        const CommandWord *word = &command->words[i];
        Str text = word->part_count && !word->parts[0].expr ? word->parts[0].text : (Str){"", 0};
        if (str_equal_c(text, option) || str_equal_c(text, name)) {
            const CommandWord *next = i + 1 < command->word_count ? word + 1 : NULL;
            return next && next->part_count && !next->parts[0].expr ? str_trim(next->parts[0].text) : (Str){"", 0};
        }
        if (str_starts_with(text, str_from_c(option)) && text.len > 2 && text.data[1] != '-') return str_slice(text, 2, text.len);
    }
    return (Str){"", 0};
}

static CommandKnown curl_known(const Command *command)
{
    static const char *const writing[] = {"PUT", "DELETE", "PATCH"};
    static const char *const changing[] = {"-X",         "--request",     "-d",    "--data",
                                           "--data-raw", "--data-binary", "-F",    "--form",
                                           "-T",         "--upload-file", "--json"};
    if (WORD_AMONG(word_behind(command, "-X", "--request"), writing, false)) return COMMAND_CHANGES;
    for (size_t i = 0; i < sizeof changing / sizeof changing[0]; i++) {
        if (command_has_option(command, changing[i])) return COMMAND_UNKNOWN;
    }
    return COMMAND_LOOKS;
}

/* By its first word, and by the functions that change something though they are selected. */
static CommandKnown sql_known(Str sql)
{
    static const char *const changes[] = {"INSERT ", "UPDATE ", "DELETE ", "DROP ",   "ALTER ",  "TRUNCATE ",
                                          "CREATE ", "GRANT ",  "REVOKE ", "VACUUM", "REINDEX ", "KILL "};
    static const char *const looks[] = {"SELECT ", "SHOW "};
    static const char *const functions[] = {"pg_terminate", "pg_cancel", "pg_promote", "pg_reload", "pg_switch", "pg_rotate",
                                            "pg_drop", "setval(", "nextval("};
    if (WORD_AMONG(sql, changes, true)) return COMMAND_CHANGES;
    if (!WORD_AMONG(sql, looks, true)) return COMMAND_UNKNOWN;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (str_find(sql, str_from_c(functions[i])) >= 0) return COMMAND_CHANGES;
    ptrdiff_t end = str_find(sql, STR(";"));
    return end < 0 || (size_t)end + 1 == sql.len ? COMMAND_LOOKS : COMMAND_UNKNOWN;
}

CommandKnown command_known(const Command *command)
{
    static const struct {
        const char *program, *words;
        CommandKnown known;
    } rows[] = {
#define COMMAND(program, words, known) {program, words, COMMAND_##known},
#include "compiler/check/commands.def"
#undef COMMAND
    };
    if (str_equal(command->program, STR("curl"))) return curl_known(command);
    if (str_equal(command->program, STR("psql"))) return sql_known(word_behind(command, "-c", "--command"));
    if (str_equal(command->program, STR("mysql"))) return sql_known(word_behind(command, "-e", "--execute"));
    char first = command_first_byte(command);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (command_may_fit(first, rows[i].words) && str_equal_c(command->program, rows[i].program) &&
            command_words_fit(command, rows[i].words))
            return rows[i].known;
    }
    return COMMAND_UNKNOWN;
}

/* ---- arguments that are read as code ---- */

typedef enum Reader { READER_SHELL, READER_SQL, READER_OTHER } Reader;

typedef struct CodeRow {
    const char *program, *option; /* option NULL: every word after the first plain one */
    Reader reader;
} CodeRow;

static const CodeRow code_rows[] = {
    {"sh", "-c", READER_SHELL},    {"bash", "-c", READER_SHELL},      {"zsh", "-c", READER_SHELL},
    {"su", "-c", READER_SHELL},    {"dash", "-c", READER_SHELL},      {"ssh", NULL, READER_SHELL},
    {"psql", "-c", READER_SQL},    {"psql", "--command", READER_SQL}, {"mysql", "-e", READER_SQL},
    {"mysql", "--execute", READER_SQL},
    {"sqlite3", NULL, READER_SQL}, {"python", "-c", READER_OTHER},    {"python3", "-c", READER_OTHER},
    {"perl", "-e", READER_OTHER},  {"ruby", "-e", READER_OTHER},      {"node", "-e", READER_OTHER},
};

static void check_code_word(Checker *c, const CommandWord *word, Str program, Reader reader)
{
    for (size_t i = 0; i < word->part_count; i++) {
        const Node *value = word->parts[i].expr;
        if (!value) continue;
        const Member *member = node_member(value);
        MethodId wanted = reader == READER_SQL ? METHOD_STRING_FOR_SQL : METHOD_STRING_FOR_SHELL;
        bool quoted = member && member->kind == MEMBER_PROPERTY && member->method == wanted;
        bool number = value->type && (type_is_number(value->type) || value->type->kind == TYPE_BOOL);
        if (number || (quoted && reader != READER_OTHER)) continue;
        Diag *diag =
            report(c, P0510, value->span,
                   "`%.*s` reads this word as code, so the value could become a command", STR_ARG(program));
        if (reader == READER_OTHER)
            report_help(c, diag, "hand the value over as an argument of its own, by `env` or by `input`");
        else
            report_help(c, diag, "quote it for its reader: `${….%s}`",
                        reader == READER_SQL ? "for_sql" : "for_shell");
    }
}

/* The word without the folders before it, if it is fixed. */
static Str program_in(const CommandWord *word)
{
    Str text = word_fixed(word);
    size_t start = text.len;
    while (start > 0 && text.data[start - 1] != '/')
        start--;
    return str_slice(text, start, text.len);
}

/* `-c CODE` and `--command=CODE`. */
static void check_code_option(Checker *c, const Command *command, size_t program, const CodeRow *row)
{
    Str option = str_from_c(row->option);
    for (size_t i = program + 1; i < command->word_count; i++) {
        const CommandWord *word = &command->words[i];
        Str begin = word_begin(word);
        bool whole = str_equal(word_fixed(word), option) && i + 1 < command->word_count;
        bool glued = option.len > 2 && str_starts_with(begin, option) && begin.len > option.len && begin.data[option.len] == '=';
        if (whole) word = &command->words[i + 1];
        if (whole || glued) check_code_word(c, word, str_from_c(row->program), row->reader);
    }
}

/* The program of awk is its first word that is no option; `-f` takes it from a file. */
static void check_awk(Checker *c, const Command *command, size_t program)
{
    for (size_t i = program + 1; i < command->word_count; i++) {
        Str begin = word_begin(&command->words[i]);
        if (str_starts_with(begin, STR("-f"))) return;
        bool takes_next = str_equal(begin, STR("-v")) || str_equal(begin, STR("-F"));
        if (takes_next) i++;
        if (str_starts_with(begin, STR("-"))) continue;
        check_code_word(c, &command->words[i], STR("awk"), READER_OTHER);
        return;
    }
}

/* A reader of code may stand anywhere in the words: behind `kubectl exec … --`, sudo, timeout. */
static void check_code_arguments(Checker *c, const Command *command)
{
    for (size_t w = 0; w < command->word_count; w++) {
        Str program = program_in(&command->words[w]);
        if (str_equal_c(program, "awk")) check_awk(c, command, w);
        for (size_t r = 0; r < sizeof code_rows / sizeof code_rows[0]; r++) {
            if (!str_equal_c(program, code_rows[r].program)) continue;
            if (code_rows[r].option) {
                check_code_option(c, command, w, &code_rows[r]);
            } else if (w == 0) {
                bool seen = false;
                for (size_t i = w + 1; i < command->word_count; i++) {
                    Str text = word_fixed(&command->words[i]);
                    if (!seen && str_starts_with(text, STR("-"))) continue;
                    if (seen) check_code_word(c, &command->words[i], program, code_rows[r].reader);
                    seen = true;
                }
            }
        }
    }
}

/* ---- kubectl ---- */

static const char *const kubectl_verbs[] = {
    "get",       "describe", "logs",         "top",           "explain",      "version",      "diff",
    "wait",      "events",   "cluster-info", "api-resources", "api-versions", "rollout",      "auth",
    "apply",     "create",   "delete",       "edit",          "patch",        "replace",      "scale",
    "autoscale", "set",      "label",        "annotate",      "cordon",       "uncordon",     "drain",
    "taint",     "run",      "expose",       "exec",          "cp",           "port-forward", "proxy",
    "attach",    "debug",    "config",       "certificate",   "kustomize",    "completion",   "plugin",
    "options"};

static bool is_one_of(Str text, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal_c(text, names[i])) return true;
    }
    return false;
}

static void check_kubectl_verb(Checker *c, const CommandWord *verb, Str text)
{
    enum { COUNT = sizeof kubectl_verbs / sizeof kubectl_verbs[0] };
    if (!text.len || is_one_of(text, kubectl_verbs, COUNT)) return;
    Str names[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        names[i] = str_from_c(kubectl_verbs[i]);
    Diag *diag = report(c, P0511, verb->span, "kubectl has no command `%.*s`", STR_ARG(text));
    Str nearest = suggest_nearest(text, names, COUNT);
    if (nearest.len) report_help(c, diag, "did you mean `%.*s`?", STR_ARG(nearest));
}

/* Long options of kubectl, of all its commands. One that is not here is reported only if it looks like one
 * that is. */
static const char *const kubectl_options[] = {"all",
                                              "all-containers",
                                              "all-namespaces",
                                              "allow-missing-template-keys",
                                              "annotations",
                                              "as",
                                              "cascade",
                                              "cluster",
                                              "container",
                                              "containers",
                                              "context",
                                              "cpu-percent",
                                              "current-replicas",
                                              "delete-emptydir-data",
                                              "disable-eviction",
                                              "dry-run",
                                              "env",
                                              "field-manager",
                                              "field-selector",
                                              "filename",
                                              "follow",
                                              "for",
                                              "force",
                                              "force-conflicts",
                                              "from-env-file",
                                              "from-file",
                                              "from-literal",
                                              "grace-period",
                                              "ignore-daemonsets",
                                              "ignore-not-found",
                                              "image",
                                              "insecure-skip-tls-verify",
                                              "kubeconfig",
                                              "kustomize",
                                              "label-columns",
                                              "labels",
                                              "limit-bytes",
                                              "limits",
                                              "list",
                                              "local",
                                              "max",
                                              "max-log-requests",
                                              "min",
                                              "namespace",
                                              "no-headers",
                                              "now",
                                              "output",
                                              "output-watch-events",
                                              "overwrite",
                                              "overrides",
                                              "patch",
                                              "patch-file",
                                              "pod-running-timeout",
                                              "pod-selector",
                                              "port",
                                              "prefix",
                                              "previous",
                                              "prune",
                                              "quiet",
                                              "raw",
                                              "recursive",
                                              "replicas",
                                              "request-timeout",
                                              "requests",
                                              "resource-version",
                                              "restart",
                                              "revision",
                                              "rm",
                                              "save-config",
                                              "selector",
                                              "server",
                                              "server-print",
                                              "server-side",
                                              "show-events",
                                              "show-kind",
                                              "show-labels",
                                              "show-managed-fields",
                                              "since",
                                              "since-time",
                                              "skip-wait-for-delete-timeout",
                                              "sort-by",
                                              "stdin",
                                              "subresource",
                                              "tail",
                                              "target",
                                              "template",
                                              "timeout",
                                              "timestamps",
                                              "to-revision",
                                              "token",
                                              "tty",
                                              "type",
                                              "user",
                                              "validate",
                                              "verbs",
                                              "wait",
                                              "warnings-as-errors",
                                              "watch",
                                              "watch-only"};

/* `--replicas=N`: the runbook's placeholder. */
static void check_kubectl_number(Checker *c, const CommandWord *word, Str name, Str value)
{
    static const char *const numbers[] = {"replicas", "current-replicas", "to-revision", "revision", "tail", "min", "max"};
    if (word->part_count != 1 || !is_one_of(name, numbers, sizeof numbers / sizeof numbers[0])) return;
    size_t i = value.len && value.data[0] == '-';
    while (i < value.len && value.data[i] >= '0' && value.data[i] <= '9')
        i++;
    if (value.len && i == value.len) return;
    Diag *diag = report(c, P0525, word->span, "`--%.*s` is a number, and this is none", STR_ARG(name));
    report_help(c, diag, "what a person fills in is a `param`: `--%.*s=${n}`", STR_ARG(name));
}

static Str nearest_kubectl_option(Str name)
{
    enum { COUNT = sizeof kubectl_options / sizeof kubectl_options[0] };
    Str names[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        names[i] = str_from_c(kubectl_options[i]);
    return suggest_nearest(name, names, COUNT);
}

static void check_kubectl_options(Checker *c, const Command *command)
{
    for (size_t i = 1; i < command->word_count; i++) {
        const CommandWord *word = &command->words[i];
        Str text = word_begin(word);
        if (str_equal(text, STR("--"))) return;
        if (!str_starts_with(text, STR("--"))) continue;
        Str name = str_slice(text, 2, text.len);
        ptrdiff_t equals = str_find(name, STR("="));
        if (equals >= 0) name = str_slice(name, 0, (size_t)equals);
        bool known = is_one_of(name, kubectl_options, sizeof kubectl_options / sizeof kubectl_options[0]);
        if (equals >= 0) check_kubectl_number(c, word, name, str_slice(text, 3 + (size_t)equals, text.len));
        Str nearest = known ? (Str){"", 0} : nearest_kubectl_option(name);
        if (!nearest.len) continue;
        Diag *diag = report(c, P0516, word->span, "kubectl has no option `--%.*s`", STR_ARG(name));
        report_help(c, diag, "did you mean `--%.*s`?", STR_ARG(nearest));
    }
}

static bool is_cluster_wide(Checker *c, Str verb, const CommandWord *resource)
{
    static const char *const verbs[] = {
        "explain",    "version", "cluster-info", "api-resources", "api-versions", "cordon",
        "uncordon",   "drain",   "taint",        "config",        "certificate",  "auth",
        "completion", "plugin",  "options",      "kustomize",     "proxy"};
    static const char *const resources[] = {"node",
                                            "nodes",
                                            "no",
                                            "namespace",
                                            "namespaces",
                                            "ns",
                                            "pv",
                                            "persistentvolume",
                                            "persistentvolumes",
                                            "storageclass",
                                            "storageclasses",
                                            "sc",
                                            "crd",
                                            "crds",
                                            "clusterrole",
                                            "clusterroles",
                                            "componentstatuses"};
    if (is_one_of(verb, verbs, sizeof verbs / sizeof verbs[0])) return true;
    if (!resource) return false;
    Str text = word_text(c, resource);
    ptrdiff_t slash = str_find(text, STR("/"));
    if (slash >= 0) text = str_slice(text, 0, (size_t)slash);
    return is_one_of(text, resources, sizeof resources / sizeof resources[0]);
}

static void check_kubectl_namespace(Checker *c, const Node *node, const Command *command, Str verb)
{
    if (!verb.len || is_cluster_wide(c, verb, command_plain_word(command, 1))) return;
    /* The plan says it for all of them: planvm hands this setting to every kubectl that names no other. */
    Symbol *setting = scope_find(c->scope, STR("kube_namespace"));
    if (setting && setting->kind == SYMBOL_SETTING) {
        symbol_read(setting);
        return;
    }
    static const char *const ways[] = {"-n", "--namespace", "-A", "--all-namespaces",
                                       "-f", "--filename",  "-k"};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (command_has_option(command, ways[i])) return;
    }
    Diag *diag =
        report(c, P0515, node->span, "this goes to whatever namespace kubectl is set to at the time");
    report_help(c, diag, "say which: `-n NAMESPACE`, or `-A`");
}

static void check_kubectl(Checker *c, const Node *node, const Command *command)
{
    const CommandWord *word = command_plain_word(command, 0);
    if (!word) return;
    Str verb = word_fixed(word);
    check_kubectl_verb(c, word, verb);
    check_kubectl_options(c, command);
    if (command_has_word(command, "-it") || command_has_word(command, "-ti") || command_has_word(command, "-i") ||
        command_has_word(command, "--stdin") || command_has_word(command, "--tty") || command_has_word(command, "-t")) {
        report(c, P0512, node->span,
               "nobody can type here: `-i` and `-t` wait for a terminal that there is not");
    }
    if (str_equal(verb, STR("logs"))) {
        bool selects = command_has_option(command, "-l") || command_has_option(command, "--selector");
        if (selects && !command_has_option(command, "--tail")) {
            report(c, P0514, node->span,
                   "`logs -l` shows only ten lines of each pod; say how many: `--tail=200`, or `--tail=-1`");
        }
        check_kubectl_namespace(c, node, command, verb);
        return;
    }
    check_kubectl_namespace(c, node, command, verb);
}

void check_command_rules(Checker *c, Node *node, const Command *command, const Effect *effect)
{
    if (command->is_script || !command->word_count) return;
    check_code_arguments(c, command);
    if (str_equal(command->program, STR("kubectl"))) check_kubectl(c, node, command);
    check_command_traps(c, node, command, effect && effect->options.timeout);
}

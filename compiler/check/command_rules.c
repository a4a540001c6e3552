/* What is known of programs: which commands look and which change, which arguments are read as code, and how
 * kubectl is used wrongly at night.
 *
 * In: a Command. Out: its class, and findings. The tables are here and in commands.def; to teach it another
 * program, add a row. */
#include "compiler/check/check.h"

/* ---- words as texts ---- */

/* The word's text; parts that are values stand in it as one U+FFFC, which no pattern's letters fit. */
static Str word_text(Checker *c, const CommandWord *word)
{
    if (word->part_count == 1 && !word->parts[0].expr) return word->parts[0].text;
    Buffer text = {0};
    for (size_t i = 0; i < word->part_count; i++) {
        if (word->parts[i].expr)
            buffer_add_c(&text, "\xEF\xBF\xBC");
        else
            buffer_add_str(&text, word->parts[i].text);
    }
    Str copy = c ? arena_copy(c->arena, buffer_str(&text)) : (Str){"", 0};
    buffer_free(&text);
    return copy;
}

static Str fixed_text(const CommandWord *word)
{
    bool fixed = word->part_count == 1 && !word->parts[0].expr;
    return fixed ? word->parts[0].text : (Str){"", 0};
}

static bool starts_with_c(Str text, const char *prefix)
{
    return str_starts_with(text, str_from_c(prefix));
}

static bool has_word(const Command *command, const char *text)
{
    for (size_t i = 1; i < command->word_count; i++) {
        if (str_equal_c(fixed_text(&command->words[i]), text)) return true;
    }
    return false;
}

/* `--name` or `--name=value`; `-n`, `-nvalue`. */
static bool has_option(const Command *command, const char *name)
{
    Str wanted = str_from_c(name);
    for (size_t i = 1; i < command->word_count; i++) {
        const CommandWord *word = &command->words[i];
        Str text = word->part_count && !word->parts[0].expr ? word->parts[0].text : (Str){"", 0};
        if (str_equal(text, STR("--"))) return false;
        if (!str_starts_with(text, wanted)) continue;
        if (wanted.len == 2 || text.len == wanted.len || text.data[wanted.len] == '=') return true;
    }
    return false;
}

/* Options of programs with sub-commands whose value is the next word. */
static bool takes_value(Str option)
{
    static const char *const options[] = {"-n",
                                          "--namespace",
                                          "--context",
                                          "--kubeconfig",
                                          "--cluster",
                                          "--user",
                                          "-l",
                                          "--selector",
                                          "-o",
                                          "--output",
                                          "-f",
                                          "--filename",
                                          "-c",
                                          "--container",
                                          "-s",
                                          "--server",
                                          "--request-timeout",
                                          "--region",
                                          "--profile",
                                          "-h",
                                          "-p",
                                          "-C",
                                          "-a"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (str_equal_c(option, options[i])) return true;
    }
    return false;
}

/* The nth word after the program that is no option and no option's value, from 0; NULL: there are not as
 * many. */
static const CommandWord *plain_word(const Command *command, size_t n)
{
    for (size_t i = 1; i < command->word_count; i++) {
        Str text = fixed_text(&command->words[i]);
        if (str_equal(text, STR("--"))) return NULL;
        if (command->words[i].part_count && !command->words[i].parts[0].expr &&
            str_starts_with(command->words[i].parts[0].text, STR("-"))) {
            if (takes_value(text)) i++;
            continue;
        }
        if (n-- == 0) return &command->words[i];
    }
    return NULL;
}

/* ---- looks and changes ---- */

static bool words_fit(const Command *command, const char *pattern)
{
    Str rest = str_from_c(pattern);
    for (size_t n = 0; rest.len; n++) {
        ptrdiff_t blank = str_find(rest, STR(" "));
        Str one = str_slice(rest, 0, blank < 0 ? rest.len : (size_t)blank);
        rest = blank < 0 ? (Str){"", 0} : str_slice(rest, (size_t)blank + 1, rest.len);
        const CommandWord *word = plain_word(command, n);
        if (!word || !str_matches_glob(fixed_text(word), one)) return false;
    }
    return true;
}

static CommandKnown curl_known(const Command *command)
{
    static const char *const changing[] = {"-X",         "--request",     "-d",    "--data",
                                           "--data-raw", "--data-binary", "-F",    "--form",
                                           "-T",         "--upload-file", "--json"};
    for (size_t i = 0; i < sizeof changing / sizeof changing[0]; i++) {
        if (has_option(command, changing[i])) return COMMAND_UNKNOWN;
    }
    return COMMAND_LOOKS;
}

static CommandKnown psql_known(const Command *command)
{
    for (size_t i = 1; i + 1 < command->word_count; i++) {
        Str option = fixed_text(&command->words[i]);
        if (!str_equal(option, STR("-c")) && !str_equal(option, STR("--command"))) continue;
        const CommandWord *word = &command->words[i + 1];
        Str sql = word->part_count && !word->parts[0].expr ? str_trim(word->parts[0].text) : (Str){"", 0};
        bool select = starts_with_c(sql, "SELECT") || starts_with_c(sql, "select");
        bool ends = str_find(sql, STR("pg_terminate")) >= 0 || str_find(sql, STR("pg_cancel")) >= 0 ||
                    str_find(sql, STR("pg_promote")) >= 0 || str_find(sql, STR(";")) >= 0;
        return select && !ends ? COMMAND_LOOKS : COMMAND_UNKNOWN;
    }
    return COMMAND_UNKNOWN;
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
    if (str_equal(command->program, STR("psql"))) return psql_known(command);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (str_equal_c(command->program, rows[i].program) && words_fit(command, rows[i].words))
            return rows[i].known;
    }
    return COMMAND_UNKNOWN;
}

/* ---- arguments that are read as code ---- */

typedef enum Reader { READER_SHELL, READER_SQL, READER_OTHER } Reader;

static const struct {
    const char *program, *option; /* option NULL: every word after the first plain one */
    Reader reader;
} code_rows[] = {
    {"sh", "-c", READER_SHELL},    {"bash", "-c", READER_SHELL},      {"zsh", "-c", READER_SHELL},
    {"su", "-c", READER_SHELL},    {"dash", "-c", READER_SHELL},      {"ssh", NULL, READER_SHELL},
    {"psql", "-c", READER_SQL},    {"psql", "--command", READER_SQL}, {"mysql", "-e", READER_SQL},
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

static bool is_program(const CommandWord *word, const char *program)
{
    Str text = fixed_text(word);
    Str wanted = str_from_c(program);
    if (str_equal(text, wanted)) return true;
    return text.len > wanted.len && str_ends_with(text, wanted) &&
           text.data[text.len - wanted.len - 1] == '/';
}

/* A reader of code may stand anywhere in the words: behind `kubectl exec … --`, sudo, timeout. */
static void check_code_arguments(Checker *c, const Command *command)
{
    for (size_t w = 0; w < command->word_count; w++) {
        for (size_t r = 0; r < sizeof code_rows / sizeof code_rows[0]; r++) {
            if (!is_program(&command->words[w], code_rows[r].program)) continue;
            Str program = str_from_c(code_rows[r].program);
            if (code_rows[r].option) {
                for (size_t i = w + 1; i + 1 < command->word_count; i++) {
                    if (!str_equal_c(fixed_text(&command->words[i]), code_rows[r].option)) continue;
                    check_code_word(c, &command->words[i + 1], program, code_rows[r].reader);
                }
            } else if (w == 0) {
                bool seen = false;
                for (size_t i = w + 1; i < command->word_count; i++) {
                    Str text = fixed_text(&command->words[i]);
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

static void check_kubectl_options(Checker *c, const Command *command)
{
    enum { COUNT = sizeof kubectl_options / sizeof kubectl_options[0] };
    Str names[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        names[i] = str_from_c(kubectl_options[i]);
    for (size_t i = 1; i < command->word_count; i++) {
        const CommandWord *word = &command->words[i];
        Str text = word->part_count && !word->parts[0].expr ? word->parts[0].text : (Str){"", 0};
        if (str_equal(text, STR("--"))) return;
        if (!str_starts_with(text, STR("--"))) continue;
        Str name = str_slice(text, 2, text.len);
        ptrdiff_t equals = str_find(name, STR("="));
        if (equals >= 0) name = str_slice(name, 0, (size_t)equals);
        bool known = is_one_of(name, kubectl_options, COUNT);
        Str nearest = known ? (Str){"", 0} : suggest_nearest(name, names, COUNT);
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
    if (!verb.len || is_cluster_wide(c, verb, plain_word(command, 1))) return;
    static const char *const ways[] = {"-n", "--namespace", "-A", "--all-namespaces",
                                       "-f", "--filename",  "-k"};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (has_option(command, ways[i])) return;
    }
    Diag *diag =
        report(c, P0515, node->span, "this goes to whatever namespace kubectl is set to at the time");
    report_help(c, diag, "say which: `-n NAMESPACE`, or `-A`");
}

static void check_kubectl(Checker *c, const Node *node, const Command *command)
{
    const CommandWord *word = plain_word(command, 0);
    if (!word) return;
    Str verb = fixed_text(word);
    check_kubectl_verb(c, word, verb);
    check_kubectl_options(c, command);
    if (has_word(command, "-it") || has_word(command, "-ti") || has_word(command, "-i") ||
        has_word(command, "--stdin") || has_word(command, "--tty") || has_word(command, "-t")) {
        report(c, P0512, node->span,
               "nobody can type here: `-i` and `-t` wait for a terminal that there is not");
    }
    if (str_equal(verb, STR("logs"))) {
        if (has_word(command, "-f") || has_option(command, "--follow")) {
            Diag *diag = report(c, P0513, node->span, "`logs -f` does not end");
            report_help(c, diag, "`--tail=200` or `--since=10m` ends");
        }
        bool selects = has_option(command, "-l") || has_option(command, "--selector");
        if (selects && !has_option(command, "--tail")) {
            report(c, P0514, node->span,
                   "`logs -l` shows only ten lines of each pod; say how many: `--tail=200`, or `--tail=-1`");
        }
        check_kubectl_namespace(c, node, command, verb);
        return;
    }
    if (has_word(command, "-w") || has_option(command, "--watch"))
        report(c, P0513, node->span, "`--watch` does not end");
    check_kubectl_namespace(c, node, command, verb);
}

static void check_endless(Checker *c, const Node *node, const Command *command)
{
    static const char *const programs[] = {"tail", "journalctl", "docker"};
    bool follows = has_word(command, "-f") || has_option(command, "--follow");
    if (follows && is_one_of(command->program, programs, sizeof programs / sizeof programs[0])) {
        report(c, P0513, node->span, "`-f` does not end");
    }
    if (str_equal(command->program, STR("watch"))) {
        Diag *diag = report(c, P0513, node->span, "`watch` does not end");
        report_help(c, diag, "`verify … within 5m every 10s` looks again and again");
    }
}

void check_command_rules(Checker *c, Node *node, const Command *command, const Effect *effect)
{
    (void)effect;
    if (command->is_script || !command->word_count) return;
    check_code_arguments(c, command);
    if (str_equal(command->program, STR("kubectl"))) check_kubectl(c, node, command);
    check_endless(c, node, command);
}

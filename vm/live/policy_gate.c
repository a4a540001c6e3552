/* The policy of a run: every effect's words, hosts, files in; what may begin out. Called by live.c before
 * each effect.
 *
 * An effect that needs an approval is ended with `held`; the machine asks people, as at any gate, and begins
 * it again. The answer comes by as a mark, whose text is that of the question: it opens the gate for that
 * very effect, once. */
#include "vm/live/policy_gate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm/code/policy.h"
#include "vm/live/kubectl.h"

typedef struct Approval {
    char *what;
    bool again; /* told again at a resume: its effect may have begun, so only one that is in doubt may use it
                 */
} Approval;

struct PolicyGate {
    Policy *policy;
    VEC(Approval) approvals;
};

/* ---- the file ---- */

static bool keep_copy(const char *run_dir, const char *path, Error *error)
{
    char bytes[4096];
    Buffer name = {0};
    buffer_printf(&name, "%s/policy", run_dir);
    int from = open(path, O_RDONLY | O_CLOEXEC),
        to = open(name.data, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    ssize_t got = from < 0 || to < 0 ? -1 : 1;
    while (got > 0) {
        got = read(from, bytes, sizeof bytes);
        if (got > 0 && write(to, bytes, (size_t)got) != got) got = -1;
    }
    bool fine = got == 0 && fsync(to) == 0;
    if (!fine) error_set(error, "the policy %s cannot be kept with the run: %s", path, strerror(errno));
    if (from >= 0) close(from);
    if (to >= 0) close(to);
    buffer_free(&name);
    return fine;
}

PolicyGate *policy_gate_open(const char *run_dir, const char *path, Error *error)
{
    Buffer kept = {0};
    buffer_printf(&kept, "%s/policy", run_dir);
    Policy *policy = NULL;
    if (path)
        policy = keep_copy(run_dir, path, error) ? policy_read(path, error) : NULL;
    else if (access(kept.data, F_OK) == 0)
        policy = policy_read(kept.data, error);
    buffer_free(&kept);
    if (!policy) return NULL;
    PolicyGate *gate = memory_alloc(sizeof *gate);
    *gate = (PolicyGate){.policy = policy};
    return gate;
}

void policy_gate_close(PolicyGate *gate)
{
    if (!gate) return;
    for (size_t i = 0; i < gate->approvals.count; i++)
        free(gate->approvals.items[i].what);
    vec_free(&gate->approvals);
    policy_free(gate->policy);
    free(gate);
}

bool policy_gate_follows(const PolicyGate *gate)
{
    return !gate || (!policy_has(gate->policy, POLICY_HTTP) && !policy_has(gate->policy, POLICY_HOST));
}

/* ---- what an effect touches ---- */

typedef struct Verdict {
    const PolicyGate *gate;
    PolicyWord word; /* the hardest so far */
    Buffer why;
    const PolicyRule *rule;
} Verdict;

static void judge(Verdict *verdict, PolicyKind kind, Str text)
{
    const PolicyRule *rule;
    if (!policy_has(verdict->gate->policy, kind)) return;
    PolicyWord word = policy_decide(verdict->gate->policy, kind, text, &rule);
    if (word <= verdict->word) return;
    verdict->word = word;
    verdict->rule = rule;
    buffer_clear(&verdict->why);
    policy_explain(verdict->gate->policy, kind, text, rule, &verdict->why);
}

static bool is_path(Str word)
{
    return str_starts_with(word, STR("/")) || str_starts_with(word, STR("./")) ||
           str_starts_with(word, STR("../"));
}

/* `/etc/x`, `--file=/etc/x`; dots that lead out of a folder are no way around a rule. */
static void judge_file(Verdict *verdict, Str word)
{
    ptrdiff_t equals = str_find(word, STR("="));
    if (!is_path(word) && equals >= 0) word = str_slice(word, (size_t)equals + 1, word.len);
    if (!is_path(word)) return;
    Buffer name = {0};
    buffer_add_str(&name, word);
    char *real = realpath(name.data, NULL);
    judge(verdict, POLICY_FILE, word);
    if (real) judge(verdict, POLICY_FILE, str_from_c(real));
    free(real);
    buffer_free(&name);
}

static void judge_kubectl(Verdict *verdict, const LiveEffect *effect, const Json *argv)
{
    const LiveWorld *live = effect->live;
    Str namespace = kubectl_namespace(argv), context = kubectl_context(argv);
    if (!namespace.len && live->kube_namespace) namespace = str_from_c(live->kube_namespace);
    if (!context.len && live->kube_context) context = str_from_c(live->kube_context);
    /* Where the words name none, kubectl's own configuration decides, which nobody here knows. */
    judge(verdict, POLICY_NAMESPACE, namespace.len ? namespace : STR("(not named)"));
    judge(verdict, POLICY_CONTEXT, context.len ? context : STR("(not named)"));
}

static void judge_command(Verdict *verdict, const LiveEffect *effect)
{
    const Json *args = effect->args, *argv = json_get(args, "argv"), *host = json_get(args, "host");
    Str script = json_string(args, "sh", "");
    Buffer text = {0};
    if (script.len) {
        VEC(Str) values = {0};
        argv = json_get(args, "params");
        for (const Json *item = json_first(argv); item; item = json_next(item))
            vec_push(&values, json_text(item));
        policy_script(&text, script, values.items, values.count);
        vec_free(&values);
    } else if (kubectl_is(argv)) {
        kubectl_write(&text, argv);
        judge_kubectl(verdict, effect, argv);
    } else {
        for (const Json *item = json_first(argv); item; item = json_next(item))
            buffer_printf(&text, "%s%.*s", text.len ? " " : "", STR_ARG(json_text(item)));
    }
    judge(verdict, POLICY_COMMAND, buffer_str(&text));
    if (!json_is_null(host)) judge(verdict, POLICY_HOST, json_string(host, "address", ""));
    for (const Json *item = json_first(argv); item; item = json_next(item))
        judge_file(verdict, json_text(item));
    judge_file(verdict, json_string(args, "dir", ""));
    buffer_free(&text);
}

/* https://user@host:port/path: the host alone, without the brackets of an IPv6 address. */
static Str host_of(Str url)
{
    ptrdiff_t start = str_find(url, STR("://"));
    Str rest = start < 0 ? url : str_slice(url, (size_t)start + 3, url.len);
    size_t len = 0;
    while (len < rest.len && !strchr("/?#\\", rest.data[len]))
        len++;
    rest = str_slice(rest, 0, len);
    for (size_t i = rest.len; i-- > 0;)
        if (rest.data[i] == '@') {
            rest = str_slice(rest, i + 1, rest.len);
            break;
        }
    if (rest.len && rest.data[0] == '[') {
        ptrdiff_t end = str_find(rest, STR("]"));
        return end < 0 ? rest : str_slice(rest, 1, (size_t)end);
    }
    ptrdiff_t colon = str_find(rest, STR(":"));
    return colon < 0 ? rest : str_slice(rest, 0, (size_t)colon);
}

static void judge_http(Verdict *verdict, const LiveEffect *effect)
{
    Str url = json_string(effect->args, "url", "");
    Buffer text = {0};
    /* A secret URL, as of a webhook, is compared with its value. */
    Error error;
    Buffer known = {0};
    if (secrets_fill(effect->live->secrets, &known, url, SECRET_PLAIN, &error)) url = buffer_str(&known);
    buffer_printf(&text, "%s %.*s", json_string(effect->args, "method", "GET").data, STR_ARG(url));
    judge(verdict, POLICY_HTTP, buffer_str(&text));
    judge(verdict, POLICY_HOST, host_of(url));
    if (known.data) explicit_bzero(known.data, known.cap);
    if (text.data) explicit_bzero(text.data, text.cap);
    buffer_free(&known);
    buffer_free(&text);
}

static Verdict judge_effect(const PolicyGate *gate, const LiveEffect *effect)
{
    Verdict verdict = {.gate = gate, .word = POLICY_ALLOW};
    if (strcmp(effect->op, "command") == 0) judge_command(&verdict, effect);
    if (strcmp(effect->op, "http") == 0) judge_http(&verdict, effect);
    if (strcmp(effect->op, "mail") == 0)
        judge(&verdict, POLICY_HOST, host_of(json_string(effect->args, "server", "")));
    if (strcmp(effect->op, "native") == 0)
        judge(&verdict, POLICY_NATIVE, json_string(effect->args, "library", ""));
    return verdict;
}

/* ---- approvals ---- */

/* The question that is asked is about this very effect, with all its values. */
static void write_question(Buffer *out, const LiveEffect *effect)
{
    buffer_add_c(out, "policy: ");
    json_write(out, effect->args);
}

static bool take_approval(PolicyGate *gate, const LiveEffect *effect)
{
    Buffer what = {0};
    bool found = false;
    write_question(&what, effect);
    for (size_t i = 0; i < gate->approvals.count && !found; i++) {
        Approval *approval = &gate->approvals.items[i];
        if (strcmp(approval->what, what.data) != 0 || (approval->again && !effect->again)) continue;
        free(approval->what);
        *approval = gate->approvals.items[--gate->approvals.count];
        found = true;
    }
    buffer_free(&what);
    return found;
}

void policy_gate_mark(PolicyGate *gate, const WorldMark *mark)
{
    if (!gate || !str_equal_c(mark->kind, "question.answered")) return;
    Error error;
    Json *args = json_parse(mark->args, &error);
    Str what = json_string(args, "what", "");
    bool given =
        str_equal_c(json_string(args, "value", ""), "approve") && str_starts_with(what, STR("policy: "));
    if (given) vec_push(&gate->approvals, (Approval){memory_copy_c(what), mark->again});
    json_free(args);
}

static void hold(LiveEffect *effect, const Verdict *verdict)
{
    Buffer json = {0}, what = {0};
    write_question(&what, effect);
    buffer_add_c(&json, "{\"ok\":false,\"exit\":126,\"exits\":[126],\"held\":");
    json_write_string(&json, buffer_str(&what));
    buffer_add_c(&json, ",\"held_by\":[");
    for (size_t i = 0; verdict->rule && i < verdict->rule->by.count; i++) {
        if (i) buffer_add_char(&json, ',');
        json_write_string(&json, verdict->rule->by.items[i]);
    }
    buffer_add_char(&json, ']');
    effect_add_text(effect, &json, "error", buffer_str(&verdict->why));
    buffer_add_char(&json, '}');
    buffer_free(&what);
    effect_end(effect, &json);
}

bool policy_gate_passes(PolicyGate *gate, LiveEffect *effect)
{
    if (!gate) return true;
    Verdict verdict = judge_effect(gate, effect);
    /* What only looks, or is only shown, needs nobody's approval. */
    bool asks =
        verdict.word == POLICY_APPROVE && effect->effect_class == EFFECT_CHANGE && !effect->live->dry_run;
    bool passes = verdict.word == POLICY_ALLOW ||
                  (verdict.word == POLICY_APPROVE && (!asks || take_approval(gate, effect)));
    if (!passes && asks)
        hold(effect, &verdict);
    else if (!passes)
        effect_fail(effect, verdict.why.data, false);
    buffer_free(&verdict.why);
    return passes;
}

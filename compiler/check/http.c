/* Requests: http.get(url, headers: …, json: …) and its kin.
 *
 * In: the call. Out: the HttpRequest and the options in its Effect. Secrets are taken in URL, headers and
 * bodies. */
#include "compiler/check/check.h"

static const char *const fields[] = {"url",  "headers", "json", "form", "body", "basic", "bearer",
                                     "hmac", "query",   "ca",   "cert", "key",  "proxy", "connect_timeout"};
enum { FIELD_COUNT = sizeof fields / sizeof fields[0] };

static Node **field_slot(HttpRequest *http, size_t index)
{
    Node **const slots[FIELD_COUNT] = {
        &http->url,   &http->headers, &http->json,  &http->form,           &http->body,
        &http->basic, &http->bearer,  &http->hmac,  &http->query,          &http->ca,
        &http->cert,  &http->key,     &http->proxy, &http->connect_timeout};
    return slots[index];
}

/* What the signature is made of stands in the call, so that a misspelt part is found here. */
static bool check_hmac(Checker *c, Node *value)
{
    static const char *const parts[] = {"header", "key", "before", "prefix", "encoding"};
    bool key = false, header = false;
    if (value->kind != NODE_MAP) {
        report(c, P0307, value->span,
               "`hmac` is written as a map: `hmac: {header: \"X-Signature\", key: k}`");
        check_expression(c, value, c->wrong);
        return false;
    }
    for
        node_each(entry, value->map.entries)
        {
            Str name = {0};
            size_t i = 0;
            node_plain_text(c->arena, entry->entry.key, &name);
            while (i < sizeof parts / sizeof parts[0] && !str_equal_c(name, parts[i]))
                i++;
            header = header || i == 0;
            key = key || i == 1;
            if (i == sizeof parts / sizeof parts[0])
                report(c, P0307, entry->span,
                       "a signature is made of `header`, `key`, `before`, `prefix` and `encoding`");
        }
    if (!key || !header) report(c, P0307, value->span, "a signature needs a `header` and a `key`");
    return true;
}

static void check_field(Checker *c, size_t index, Node *value)
{
    bool hmac = str_equal_c(STR("hmac"), fields[index]);
    bool map = hmac || str_equal_c(STR("headers"), fields[index]) ||
               str_equal_c(STR("form"), fields[index]) || str_equal_c(STR("query"), fields[index]);
    if (hmac && !check_hmac(c, value)) return;
    if (map) {
        check_value(c, value, type_map(c->types, value->kind == NODE_MAP ? c->secret : c->string));
    } else if (str_equal_c(STR("json"), fields[index])) {
        bool allowed = c->secrets_allowed;
        c->secrets_allowed = true;
        check_value(c, value, c->json);
        c->secrets_allowed = allowed;
    } else if (str_equal_c(STR("connect_timeout"), fields[index])) {
        check_value(c, value, c->duration);
    } else if (str_equal_c(STR("ca"), fields[index]) || str_equal_c(STR("cert"), fields[index]) ||
               str_equal_c(STR("key"), fields[index])) {
        check_value(c, value, c->string); /* paths of files */
    } else {
        check_value(c, value, c->secret); /* a string is taken as well */
    }
}

static void report_no_field(Checker *c, Node *arg, const char *name)
{
    VEC(Str) names = {0};
    for (size_t i = 0; i < FIELD_COUNT; i++)
        vec_push(&names, str_from_c(fields[i]));
    static const char *const options[] = {"timeout", "retry", "every", "growth", "jitter", "secret"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        vec_push(&names, str_from_c(options[i]));
    Diag *diag = report(c, P0307, arg->arg.name_span, "`http.%s` has no parameter `%.*s`", name,
                        STR_ARG(arg->arg.name));
    Str nearest = suggest_nearest(arg->arg.name, names.items, names.count);
    if (nearest.len) report_help(c, diag, "did you mean `%.*s`?", STR_ARG(nearest));
    vec_free(&names);
    check_expression(c, arg->arg.value, c->wrong);
}

static size_t field_of(const Node *arg, bool first)
{
    if (!arg->arg.name.len) return first ? 0 : FIELD_COUNT;
    size_t i = 0;
    while (i < FIELD_COUNT && !str_equal_c(arg->arg.name, fields[i]))
        i++;
    return i;
}

const Type *check_http_call(Checker *c, Node *node, Str method, Effect *effect)
{
    HttpRequest *http = &effect->http;
    http->method = arena_copy(c->arena, method); /* what is made ready points nowhere else */
    Str name = node->call.callee->member.name;
    bool first = true;
    for
        node_each(arg, node->call.args)
        {
            size_t index = field_of(arg, first);
            first = false;
            if (index == FIELD_COUNT) {
                if (!arg->arg.name.len)
                    report(c, P0307, arg->span, "`http.%.*s` takes one URL; what follows has names",
                           STR_ARG(name));
                else if (!check_option(c, arg, effect))
                    report_no_field(c, arg, arena_copy_c(c->arena, name));
                continue;
            }
            Node **slot = field_slot(http, index);
            if (*slot) report(c, P0307, arg->span, "`%s` is given twice", fields[index]);
            *slot = arg->arg.value;
            check_field(c, index, arg->arg.value);
        }
    if (!http->url) report(c, P0307, node->span, "`http.%.*s` needs a URL", STR_ARG(name));
    int bodies = (http->json != NULL) + (http->form != NULL) + (http->body != NULL);
    if (bodies > 1) report(c, P0307, node->span, "a request has one body: `json`, `form` or `body`");
    return effect->options.secret || c->in_secret_look ? c->secret_response : c->response;
}

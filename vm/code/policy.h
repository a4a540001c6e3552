/* What a run may touch, whatever its plan computes: rules of a policy file (docs/policy.md), and what they
 * say of one thing.
 *
 * planvm asks at the moment of each effect, planc of the texts that a plan holds. The text of a policy is
 * kept by the Policy; everything else that is handed in is needed only during the call. */
#ifndef PLAN_CODE_POLICY_H
#define PLAN_CODE_POLICY_H

#include "vm/base/error.h"

typedef enum PolicyKind {
    POLICY_COMMAND,   /* the words, joined by blanks; a script is `sh -c SCRIPT` */
    POLICY_HTTP,      /* METHOD URL */
    POLICY_HOST,      /* of an ssh or a URL */
    POLICY_NAMESPACE, /* of a kubectl */
    POLICY_CONTEXT,   /* of a kubectl */
    POLICY_FILE,      /* a program, word, or folder that is a path */
    POLICY_NATIVE,    /* a library */
    POLICY_KINDS
} PolicyKind;

typedef enum PolicyWord { POLICY_ALLOW, POLICY_APPROVE, POLICY_DENY } PolicyWord;

typedef struct PolicyRule {
    PolicyWord word;
    PolicyKind kind;
    Str pattern; /* `*` is any text, `?` any one character */
    VEC(Str) by; /* APPROVE: who may; empty: whoever is there */
    unsigned line;
} PolicyRule;

typedef struct Policy {
    Arena arena;
    VEC(PolicyRule) rules;
    Str name; /* of the file, for messages */
} Policy;

/* NULL and an error that names the line. */
Policy *policy_parse(Str name, Str text, Error *error);
Policy *policy_read(const char *path, Error *error);
void policy_free(Policy *policy); /* NULL is fine */

/* `deny` before `approve` before `allow`. Where there are `allow` rules of a kind, what none of them fits is
 * denied; where there are none, what no rule fits is allowed. A text that is not wholly known (planc) has
 * \x01 for each part that is not: such a part fits anything where that allows, and nothing where that denies.
 * *rule: who says so; NULL: no rule fits. */
PolicyWord policy_decide(const Policy *policy, PolicyKind kind, Str text, const PolicyRule **rule);
bool policy_has(const Policy *policy, PolicyKind kind);

/* The text of a script: `sh -c ` and what the shell will see when "$1", "$2" … have these values, without
 * quotes. */
void policy_script(Buffer *out, Str script, const Str *values, size_t count);

/* "line 3 of rules.policy denies it: deny command `…`". `rule` NULL: no `allow` line fits. */
void policy_explain(const Policy *policy, PolicyKind kind, Str text, const PolicyRule *rule, Buffer *out);

#endif

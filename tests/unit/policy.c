/* Policies: what is a rule, and which one decides. */
#include "tests/unit/check.h"
#include "vm/code/policy.h"

#include <string.h>

static const char rules[] = "# what on-call may do\n"
                            "deny    command   `kubectl delete namespace *`  # never\n"
                            "approve command   `kubectl scale *` by lead, head\n"
                            "allow   http GET  \"*\"\n"
                            "allow   http      \"https://hooks.example.com/*\"\n"
                            "allow   host      \"db?.example.com\"\n"
                            "deny    file      \"/etc/*\"\n";

static PolicyWord decide(const Policy *policy, PolicyKind kind, const char *text)
{
    const PolicyRule *rule;
    return policy_decide(policy, kind, str_from_c(text), &rule);
}

static void test_decisions(void)
{
    Error error = {0};
    const PolicyRule *rule;
    Policy *policy = policy_parse(STR("test.policy"), str_from_c(rules), &error);
    if (!CHECK(policy != NULL)) return;
    CHECK_INT(decide(policy, POLICY_COMMAND, "kubectl delete namespace shop"), POLICY_DENY);
    CHECK_INT(decide(policy, POLICY_COMMAND, "sudo -n /usr/bin/kubectl delete namespace shop"), POLICY_DENY);
    CHECK_INT(decide(policy, POLICY_COMMAND, "sh -c true;kubectl delete namespace shop"), POLICY_DENY);
    CHECK_INT(decide(policy, POLICY_COMMAND, "mykubectl delete namespace shop"), POLICY_ALLOW);
    CHECK_INT(decide(policy, POLICY_COMMAND, "kubectl get pods"), POLICY_ALLOW);
    CHECK_INT(policy_decide(policy, POLICY_COMMAND, STR("kubectl scale x"), &rule), POLICY_APPROVE);
    CHECK_INT((int64_t)rule->by.count, 2);
    CHECK_STR_C(rule->by.items[1], "head");
    CHECK_INT(decide(policy, POLICY_HTTP, "GET http://anywhere/"), POLICY_ALLOW);
    CHECK_INT(decide(policy, POLICY_HTTP, "POST http://anywhere/"), POLICY_DENY);
    CHECK_INT(decide(policy, POLICY_HTTP, "POST https://hooks.example.com/x"), POLICY_ALLOW);
    CHECK_INT(decide(policy, POLICY_HOST, "db1.example.com"), POLICY_ALLOW);
    CHECK_INT(decide(policy, POLICY_HOST, "db12.example.com"), POLICY_DENY);
    CHECK_INT(decide(policy, POLICY_HOST, "db1.example.com.evil"), POLICY_DENY);
    CHECK_INT(decide(policy, POLICY_FILE, "/etc/passwd"), POLICY_DENY);
    CHECK_INT(decide(policy, POLICY_NAMESPACE, "kube-system"), POLICY_ALLOW);
    policy_free(policy);
}

static void test_open_texts(void)
{
    Error error = {0};
    Policy *policy = policy_parse(STR("test.policy"), str_from_c(rules), &error);
    if (!CHECK(policy != NULL)) return;
    CHECK_INT(decide(policy, POLICY_HOST, "\x01.example.com"), POLICY_ALLOW);
    CHECK_INT(decide(policy, POLICY_HOST, "\x01"), POLICY_ALLOW);
    CHECK_INT(decide(policy, POLICY_HOST, "\x01.evil.com"), POLICY_DENY);
    CHECK_INT(decide(policy, POLICY_COMMAND, "kubectl delete namespace \x01"), POLICY_DENY);
    CHECK_INT(decide(policy, POLICY_COMMAND, "kubectl delete \x01 shop"), POLICY_ALLOW);
    policy_free(policy);
}

static void test_wrong_lines(void)
{
    static const char *const wrong[] = {
        "permit command `x`", "deny program `x`",         "deny command x",         "deny command `x",
        "deny command ``",    "deny command `x` by lead", "approve command `x` by", "deny command `x` `y`"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        Error error = {0};
        CHECK(policy_parse(STR("test.policy"), str_from_c(wrong[i]), &error) == NULL);
        CHECK(strstr(error.text, "test.policy, line 1: ") == error.text);
    }
}

int main(void)
{
    test_decisions();
    test_open_texts();
    test_wrong_lines();
    return check_failures != 0;
}

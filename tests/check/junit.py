"""Is a document JUnit as GitLab reads it? `junit.py DOCUMENT`: says what is wrong and exits 1.

GitLab shows classname, name, file, time and the content of failure, error, skipped and system-out, and drops the second of
two cases with one classname and name. The counts of the suite are those of its cases.
"""

import sys
import xml.etree.ElementTree as tree

wrong = []
root = tree.parse(sys.argv[1]).getroot()
if root.tag != "testsuites":
    wrong.append(f"the root is {root.tag}")
suites = root.findall("testsuite")
if [suite for suite in root.iter("testsuite")] != suites:
    wrong.append("a suite in a suite")
for element in [root] + suites:
    for attribute, path in [("tests", "testcase"), ("failures", "testcase/failure"), ("errors", "testcase/error")]:
        count = sum(len(suite.findall(path)) for suite in (suites if element is root else [element]))
        if element.get(attribute) != str(count):
            wrong.append(f"{element.tag} {attribute} is {element.get(attribute)}, not {count}")
for suite in suites:
    cases = suite.findall("testcase")
    names = set()
    for case in cases:
        for attribute in ("classname", "name", "file", "time"):
            if not case.get(attribute):
                wrong.append(f"a case without {attribute}")
        key = (case.get("classname"), case.get("name"))
        if key in names:
            wrong.append(f"{key} twice")
        names.add(key)
        for child in case:
            if child.tag not in ("failure", "error", "system-out"):
                wrong.append(f"a {child.tag} in a case")
            if child.tag == "failure" and not (child.get("type") and child.get("message") and child.text):
                wrong.append(f"{key} fails without saying why")
for line in wrong:
    print(line)
sys.exit(1 if wrong else 0)

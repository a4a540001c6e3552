import sys


def build(most):
    text = ""
    words = []
    for i in range(most):
        text = text + "ab,"
        words.append(f"w{i}")
    return len(text) + len(" ".join(words))


print(build(int(sys.argv[1])))

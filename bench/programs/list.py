import sys


def work(most):
    xs = []
    x = 42
    for _ in range(most):
        x = x * 16807 % 2147483647
        xs.append(x)
    ordered = sorted(filter(lambda v: v % 3 != 0, map(lambda v: v % 1000003, xs)))
    at = most // 2
    return sum(ordered) + (ordered[at] if at < len(ordered) else 0)


print(work(int(sys.argv[1])))

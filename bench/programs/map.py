import sys


def fill(most):
    ages = {}
    for i in range(most):
        ages[f"k{i}"] = i
    total = 0
    for i in range(most):
        total = total + ages.get(f"k{i}", 0)
    return total + len(ages)


print(fill(int(sys.argv[1])))

import sys


def count(k):
    total = 0
    for i in range(k):
        total = total + i
        if total > 1000000007:
            total = total - 1000000007
    return total


print(count(int(sys.argv[1])))

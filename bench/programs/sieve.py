import sys


def primes(most):
    flags = []
    for _ in range(most):
        flags.append(True)
    count = 0
    for i in range(2, most):
        if flags[i]:
            count += 1
            at = i + i
            while at < most:
                flags[at] = False
                at += i
    return count


print(primes(int(sys.argv[1])))

import sys


def fiber():
    i = 0
    while True:
        i += 1
        yield i


count = int(sys.argv[1])
other = fiber()
total = 0
for _ in range(count):
    total += next(other)
print(count)

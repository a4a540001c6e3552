import sys


def root(x):
    guess = x
    for _ in range(8):
        guess = 0.5 * (guess + x / guess)
    return guess


def orbit(steps):
    xs, ys = [0.0, 4.84, 8.34, 12.89, 15.37], [0.0, -1.16, 4.12, -15.11, -25.91]
    vs, ws = [0.0, 0.6, -1.01, 1.08, 0.97], [0.0, 2.81, 1.81, 0.86, 0.59]
    mass = [39.47, 0.037, 0.011, 0.0017, 0.002]
    for _ in range(steps):
        for i in range(5):
            for j in range(i + 1, 5):
                dx, dy = xs[i] - xs[j], ys[i] - ys[j]
                square = dx * dx + dy * dy + 0.01
                pull = 0.001 / (square * root(square))
                vs[i] = vs[i] - dx * mass[j] * pull
                ws[i] = ws[i] - dy * mass[j] * pull
                vs[j] = vs[j] + dx * mass[i] * pull
                ws[j] = ws[j] + dy * mass[i] * pull
        for i in range(5):
            xs[i] = xs[i] + 0.001 * vs[i]
            ys[i] = ys[i] + 0.001 * ws[i]
    return xs[0] * 1000000.0 + ys[1] * 1000.0


print(round(orbit(int(sys.argv[1]))))

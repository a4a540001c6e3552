#include <stdio.h>
#include <stdlib.h>
static double root(double x)
{
    double guess = x;
    for (int i = 0; i < 8; i++) guess = 0.5 * (guess + x / guess);
    return guess;
}
int main(int argc, char **argv)
{
    (void)argc;
    long steps = atol(argv[1]);
    double xs[] = {0.0, 4.84, 8.34, 12.89, 15.37}, ys[] = {0.0, -1.16, 4.12, -15.11, -25.91};
    double vs[] = {0.0, 0.6, -1.01, 1.08, 0.97}, ws[] = {0.0, 2.81, 1.81, 0.86, 0.59};
    const double mass[] = {39.47, 0.037, 0.011, 0.0017, 0.002};
    for (long step = 0; step < steps; step++) {
        for (int i = 0; i < 5; i++) {
            for (int j = i + 1; j < 5; j++) {
                double dx = xs[i] - xs[j], dy = ys[i] - ys[j];
                double square = dx * dx + dy * dy + 0.01;
                double pull = 0.001 / (square * root(square));
                vs[i] = vs[i] - dx * mass[j] * pull;
                ws[i] = ws[i] - dy * mass[j] * pull;
                vs[j] = vs[j] + dx * mass[i] * pull;
                ws[j] = ws[j] + dy * mass[i] * pull;
            }
        }
        for (int i = 0; i < 5; i++) {
            xs[i] = xs[i] + 0.001 * vs[i];
            ys[i] = ys[i] + 0.001 * ws[i];
        }
    }
    printf("%.0f\n", xs[0] * 1000000.0 + ys[1] * 1000.0);
    return 0;
}

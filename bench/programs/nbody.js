function root(x) {
  let guess = x;
  for (let i = 0; i < 8; i++) guess = 0.5 * (guess + x / guess);
  return guess;
}
function orbit(steps) {
  const xs = [0.0, 4.84, 8.34, 12.89, 15.37], ys = [0.0, -1.16, 4.12, -15.11, -25.91];
  const vs = [0.0, 0.6, -1.01, 1.08, 0.97], ws = [0.0, 2.81, 1.81, 0.86, 0.59];
  const mass = [39.47, 0.037, 0.011, 0.0017, 0.002];
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < 5; i++) {
      for (let j = i + 1; j < 5; j++) {
        const dx = xs[i] - xs[j], dy = ys[i] - ys[j];
        const square = dx * dx + dy * dy + 0.01;
        const pull = 0.001 / (square * root(square));
        vs[i] = vs[i] - dx * mass[j] * pull;
        ws[i] = ws[i] - dy * mass[j] * pull;
        vs[j] = vs[j] + dx * mass[i] * pull;
        ws[j] = ws[j] + dy * mass[i] * pull;
      }
    }
    for (let i = 0; i < 5; i++) {
      xs[i] = xs[i] + 0.001 * vs[i];
      ys[i] = ys[i] + 0.001 * ws[i];
    }
  }
  return xs[0] * 1000000.0 + ys[1] * 1000.0;
}
console.log(String(Math.round(orbit(Number(process.argv[2])))));

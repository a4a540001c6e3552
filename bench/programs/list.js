function work(most) {
  const xs = [];
  let x = 42;
  for (let i = 0; i < most; i++) {
    x = (x * 16807) % 2147483647;
    xs.push(x);
  }
  const sorted = xs.map((v) => v % 1000003).filter((v) => v % 3 !== 0).sort((a, b) => a - b);
  return sorted.reduce((a, b) => a + b, 0) + (sorted[Math.floor(most / 2)] ?? 0);
}
console.log(String(work(Number(process.argv[2]))));

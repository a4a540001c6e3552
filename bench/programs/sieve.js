function primes(most) {
  const flags = [];
  for (let i = 0; i < most; i++) flags.push(true);
  let count = 0;
  for (let i = 2; i < most; i++) {
    if (flags[i]) {
      count++;
      for (let at = i + i; at < most; at += i) flags[at] = false;
    }
  }
  return count;
}
console.log(String(primes(Number(process.argv[2]))));

function count(k) {
  let sum = 0;
  for (let i = 0; i < k; i++) {
    sum = sum + i;
    if (sum > 1000000007) sum = sum - 1000000007;
  }
  return sum;
}
console.log(String(count(Number(process.argv[2]))));

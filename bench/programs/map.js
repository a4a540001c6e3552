function fill(most) {
  const ages = new Map();
  for (let i = 0; i < most; i++) ages.set(`k${i}`, i);
  let sum = 0;
  for (let i = 0; i < most; i++) sum = sum + (ages.get(`k${i}`) ?? 0);
  return sum + ages.size;
}
console.log(String(fill(Number(process.argv[2]))));

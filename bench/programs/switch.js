function* fiber() {
  for (let i = 1; ; i++) yield i;
}
const count = Number(process.argv[2]);
const other = fiber();
let sum = 0;
for (let i = 0; i < count; i++) sum += other.next().value;
console.log(String(count));

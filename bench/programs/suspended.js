function* fiber() {
  yield;
}
const count = Number(process.argv[2]);
const fibers = [];
for (let i = 0; i < count; i++) {
  fibers.push(fiber());
  fibers[i].next();
}
for (const one of fibers) one.next();
console.log(String(count));

const whole = JSON.parse(require("fs").readFileSync(process.argv[3], "utf8"));
let sum = 0;
for (const item of whole.items) sum += item.id + item.tags[1] + item.where.x;
console.log(`${sum} ${JSON.stringify(whole).length}`);

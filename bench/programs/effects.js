function* run(n) {
  let fine = 0;
  for (let i = 0; i < n; i++) {
    const answer = JSON.parse(yield JSON.stringify({ argv: ["uptime"], timeout: 30000 }));
    if (answer.ok) fine++;
  }
  console.log(String(fine));
}
const fiber = run(Number(process.argv[2]));
let request = fiber.next();
while (!request.done) request = fiber.next('{"ok":true,"exit":0,"out":"up 3 days","err":""}');

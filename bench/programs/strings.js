function build(most) {
  let text = "";
  const words = [];
  for (let i = 0; i < most; i++) {
    text = text + "ab,";
    words.push(`w${i}`);
  }
  return text.length + words.join(" ").length;
}
console.log(String(build(Number(process.argv[2]))));

local most = tonumber(arg[1])
local text, words = {}, {}
for i = 0, most - 1 do
  text[#text + 1] = "ab,"
  words[#words + 1] = "w" .. string.format("%d", i)
end
print(#table.concat(text) + #table.concat(words, " "))

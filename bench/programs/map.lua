local most = tonumber(arg[1])
local ages, count = {}, 0
for i = 0, most - 1 do
  ages["k" .. string.format("%d", i)] = i
  count = count + 1
end
local sum = 0
for i = 0, most - 1 do sum = sum + (ages["k" .. string.format("%d", i)] or 0) end
print(string.format("%d", sum + count))

local n = tonumber(arg[1])
local sum = 0
for i = 0, n - 1 do
  sum = sum + i
  if sum > 1000000007 then sum = sum - 1000000007 end
end
print(string.format("%d", sum))

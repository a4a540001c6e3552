local most = tonumber(arg[1])
local flags = {}
for i = 0, most - 1 do flags[i] = true end
local count = 0
for i = 2, most - 1 do
  if flags[i] then
    count = count + 1
    local at = i + i
    while at < most do
      flags[at] = false
      at = at + i
    end
  end
end
print(string.format("%d", count))

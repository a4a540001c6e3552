local most = tonumber(arg[1])
local xs, x = {}, 42
for i = 1, most do
  x = x * 16807 % 2147483647
  xs[i] = x
end
local function map(list, f)
  local out = {}
  for i = 1, #list do out[i] = f(list[i]) end
  return out
end
local function filter(list, f)
  local out = {}
  for i = 1, #list do
    if f(list[i]) then out[#out + 1] = list[i] end
  end
  return out
end
local sorted = filter(map(xs, function(v) return v % 1000003 end), function(v) return v % 3 ~= 0 end)
table.sort(sorted)
local sum = 0
for i = 1, #sorted do sum = sum + sorted[i] end
print(string.format("%d", sum + (sorted[math.floor(most / 2) + 1] or 0)))

local n = tonumber(arg[1])
local fiber = coroutine.wrap(function()
  local i = 0
  while true do
    i = i + 1
    coroutine.yield(i)
  end
end)
local sum = 0
for _ = 1, n do sum = sum + fiber() end
print(string.format("%d", n))

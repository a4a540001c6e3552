local n = tonumber(arg[1])
local fibers = {}
for i = 1, n do
  fibers[i] = coroutine.create(function() coroutine.yield() end)
  coroutine.resume(fibers[i])
end
for i = 1, n do coroutine.resume(fibers[i]) end
print(string.format("%d", n))

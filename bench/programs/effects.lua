local cjson = require("cjson")
local n = tonumber(arg[1])
local fiber = coroutine.wrap(function()
  local fine = 0
  for _ = 1, n do
    local answer = cjson.decode(coroutine.yield(cjson.encode({ argv = { "uptime" }, timeout = 30000 })))
    if answer.ok then fine = fine + 1 end
  end
  print(string.format("%d", fine))
end)
local request = fiber()
while request do request = fiber('{"ok":true,"exit":0,"out":"up 3 days","err":""}') end

local cjson = require("cjson")
local file = assert(io.open(arg[2]))
local whole = cjson.decode(file:read("*a"))
local sum = 0
for _, item in ipairs(whole.items) do sum = sum + item.id + item.tags[2] + item.where.x end
print(string.format("%d %d", sum, #cjson.encode(whole)))

--[[
budget/paths: the scope paths that numbers in directory rows stand for.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1.. numbers   up to 1000
REPLIES
  PATHS paths..   in the order asked for
EVENTS
  none
COMPLEXITY
  O(numbers); 1 call
]]
local key = KEYS[2] .. ':sn'
local out = redis.call('HMGET', key, unpack(ARGV))
for i = 1, #ARGV do
    if not out[i] then error({err = 'CORRUPT scope paths ' .. key}) end
end
table.insert(out, 1, 'PATHS')
return out

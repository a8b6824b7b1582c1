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
  PATHS paths..   in the order asked for; empty for one that was forgotten with its rows (budget/trim_rows)
EVENTS
  none
COMPLEXITY
  O(numbers); 1 call
]]
local out = redis.call('HMGET', KEYS[2] .. ':sn', unpack(ARGV))
for i = 1, #ARGV do
    if not out[i] then out[i] = '' end
end
table.insert(out, 1, 'PATHS')
return out

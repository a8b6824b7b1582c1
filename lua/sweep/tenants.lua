--[[
sweep/tenants: the tenants of a shard, page by page.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
ARGV
  1 offset      how many to leave out
  2 limit       at most so many, 1 to 500
REPLIES
  TENANTS names..
EVENTS
  none
COMPLEXITY
  O(log tenants + offset + limit); 1 call
]]
local found = redis.call('ZRANGE', KEYS[1] .. 'tenants', ARGV[1], ARGV[1] + ARGV[2] - 1)
table.insert(found, 1, 'TENANTS')
return found

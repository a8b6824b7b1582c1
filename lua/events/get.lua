--[[
events/get: one event by its number.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
ARGV
  1 seq         sequence number
REPLIES
  EVENT body    now_ms, tenant, type, context, payload, divided by NUL
  NO_EVENT      there is none, or its life has ended
EVENTS
  none
COMPLEXITY
  O(1); 1 call
]]
local prefix = KEYS[1]
local body = redis.call('GET', prefix .. 'e:' .. ARGV[1])
if not body then return {'NO_EVENT'} end
return {'EVENT', body}

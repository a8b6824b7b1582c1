--[[
webhooks/get_delivery: one delivery with the event it carries, for sending it again.

retry: safe
flags: no-writes
KEYS
  1 prefix      the owner's shard's prefix
ARGV
  1 id          of the delivery
REPLIES
  FOUND sub owner tenant event type trace flags inbound request body   the body is empty once it was delivered
  NOT_FOUND
EVENTS
  none
COMPLEXITY
  O(1); 1 call
]]
local d = redis.call('HMGET', KEYS[1] .. 'dv:' .. ARGV[1], 'sub', 'owner', 'tenant', 'event', 'type', 'trace', 'flags',
    'inbound', 'request', 'body')
if not d[1] then return {'NOT_FOUND'} end
local out = {'FOUND'}
for i = 1, 10 do out[i + 1] = d[i] or '' end
return out

--[[
events/acknowledge: drops from a shard's outbox what the holder of its lease has turned into deliveries.

retry: safe
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
ARGV
  1 owner       whoever holds the lease
  2.. entries   sequence number, colon and tenant
REPLIES
  DROPPED count   so many; the others were dropped before
  LOST            another holds the lease by now
EVENTS
  none
COMPLEXITY
  O(entries * log outbox), at most 200 entries; 2 calls
]]
local holder = redis.call('GET', KEYS[1] .. 'rl')
if holder and holder ~= ARGV[1] then return {'LOST'} end
if #ARGV < 2 then return {'DROPPED', 0} end
return {'DROPPED', redis.call('ZREM', KEYS[1] .. 'out', unpack(ARGV, 2))}

--[[
sweep/due: tenants of a shard that have something to expire now.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
ARGV
  1 limit       at most so many, 1 to 200
  2 offset      how many of the earliest to leave out: those that could not be swept
REPLIES
  DUE now members..  now in ms; each member is a kind letter (b budget reservations, l locks, c closing,
                     e event streams) and a tenant
EVENTS
  none
COMPLEXITY
  O(log tenants + offset + limit); 2 calls
]]
--include <clock>

local now = clock.now()
local out = redis.call('ZRANGEBYSCORE', KEYS[1] .. 'due', '-inf', '(' .. now, 'LIMIT', ARGV[2], ARGV[1])
table.insert(out, 1, now)
table.insert(out, 1, 'DUE')
return out

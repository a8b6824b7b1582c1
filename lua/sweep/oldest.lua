--[[
sweep/oldest: since when the first thing of a shard has been due, for whoever watches that sweeps keep up.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
ARGV
  none
REPLIES
  OLDEST age    ms; 0 when nothing is due
EVENTS
  none
COMPLEXITY
  O(log tenants); 2 calls
]]
--include <clock>

local first = redis.call('ZRANGE', KEYS[1] .. 'due', 0, 0, 'WITHSCORES')[2]
return {'OLDEST', first and math.max(0, math.floor(clock.now() - first)) or 0}

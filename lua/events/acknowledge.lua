--[[
events/acknowledge: drops from a shard's outbox what the holder of its lease has turned into deliveries, and gives the
lease up when nothing is left, so that the next event waits for nobody.

retry: safe
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
ARGV
  1 owner       whoever holds the lease
  2 list        out for the outbox, odd for what was put aside
  3 ends        1 to give up the lease in any case, else 0
  4.. entries   as events/take gave them
REPLIES
  DROPPED count free   so many, the others were dropped before; 1 when the caller has no lease by now
  LOST                 another holds the lease by now
EVENTS
  none
COMPLEXITY
  O(entries * log outbox), at most 200 entries; 4 calls
]]
local prefix, lease_key = KEYS[1], KEYS[1] .. 'rl'
local holder = redis.call('GET', lease_key)
if holder and holder ~= ARGV[1] then return {'LOST'} end
local list_key = ARGV[2] == 'odd' and prefix .. 'odd' or prefix .. 'out'
local dropped = #ARGV > 3 and redis.call('ZREM', list_key, unpack(ARGV, 4)) or 0
if holder and (ARGV[3] == '1' or redis.call('EXISTS', prefix .. 'out') == 0) then
    redis.call('DEL', lease_key)
    holder = false
end
return {'DROPPED', dropped, holder and 0 or 1}

--[[
admin/tenant_facts: counts the tenants of a shard by status, a bounded number in one call.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
ARGV
  1 rank        how many to leave out: those of the calls before
REPLIES
  FACTS more now read active suspended closed   more is 1 when there may be others; time in ms; tenants looked at, then
                                                those in each status; one without a status is in none
EVENTS
  none
COMPLEXITY
  O(log tenants), at most 1000 tenants a call; 2 calls
]]
--include <clock>

local ROOM = 1000
local prefix, rank = KEYS[1], ARGV[1] + 0
local names = redis.call('ZRANGE', prefix .. 'tenants', rank, rank + ROOM - 1)
local counts = {A = 0, S = 0, C = 0}
local keys = {}
for i = 1, #names do keys[i] = string.format('%st:%s', prefix, names[i]) end
if #keys > 0 then
    local tags = redis.call('MGET', unpack(keys))
    for i = 1, #tags do
        local letter = tags[i] and string.sub(tags[i], 1, 1)
        if counts[letter] then counts[letter] = counts[letter] + 1 end
    end
end
return {'FACTS', #names == ROOM and 1 or 0, (clock.now()), #names, counts.A, counts.S, counts.C}

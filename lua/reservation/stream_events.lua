--[[
reservation/stream_events: the next few lock events of a tenant.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 after       number of the event to begin after; 0 for the first
  2 limit       at most so many, 1 to 500
REPLIES
  EVENTS more lost words..  1 when there are more; 1 when events between `after` and the first of these may be gone;
                        then per event: number, letter, value, as docs/keyspace.md has them
EVENTS
  none
COMPLEXITY
  O(limit)
]]
local limit = ARGV[2] + 0
local entries = redis.call('XRANGE', KEYS[2] .. ':ev', '(' .. ARGV[1] .. '-0', '+', 'COUNT', limit)
local lost = 0
if ARGV[1] ~= '0' and entries[1] then
    -- The log holds about 1,000 entries: when it begins after `after`, nobody knows how much was between.
    local first = redis.call('XRANGE', KEYS[2] .. ':ev', '-', '+', 'COUNT', 1)[1]
    if first[1] == entries[1][1] then lost = 1 end
end
local out, n = {'EVENTS', #entries == limit and 1 or 0, lost}, 3
for i = 1, #entries do
    local entry = entries[i]
    out[n + 1], out[n + 2], out[n + 3] = string.match(entry[1], '^%d+'), entry[2][1], entry[2][2]
    n = n + 3
end
return out

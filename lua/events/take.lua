--[[
events/take: the next events of a shard's outbox, or of what was put aside from it (events/put_aside), in order, for the
one worker that holds the lease of the outbox.

retry: safe
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
ARGV
  1 owner       whoever asks, unique per process
  2 lease_ms    how long nobody else may take from this outbox
  3 list        out for the outbox, odd for what was put aside
  4 after       place to go on after, 0 for the first
  5 limit       at most so many, 1 to 200
REPLIES
  HELD until                 another holds the lease; in ms from now
  EVENTS now more oldest events..  time in ms; 1 when there are more; age of the oldest in the list, ms; per event: its
                             place in the list (us), its entry there, its tenant's status and epoch (empty for none),
                             body, which is empty when it has ended
EVENTS
  none
COMPLEXITY
  O(log outbox + limit); 5 calls and 2 an event
]]
--include <clock>

local prefix, lease_key, limit = KEYS[1], KEYS[1] .. 'rl', ARGV[5] + 0
local BYTES_MAX = 524288
local call = redis.call
local holder = call('GET', lease_key)
local left = holder and call('PTTL', lease_key) or 0
if holder and holder ~= ARGV[1] then return {'HELD', left} end
local now, place = clock.now(), prefix
local list_key = ARGV[3] == 'odd' and prefix .. 'odd' or prefix .. 'out'
local first = call('ZRANGE', list_key, 0, 0, 'WITHSCORES')[2]
-- A list without events needs no lease: nobody waits for it.
if not first then return {'EVENTS', now, 0, 0} end
if 2 * left < ARGV[2] + 0 then call('SET', lease_key, ARGV[1], 'PX', ARGV[2]) end
local found = call('ZRANGEBYSCORE', list_key, '(' .. ARGV[4], '+inf', 'WITHSCORES', 'LIMIT', 0, limit + 1)
local out, n, bytes = {'EVENTS', now, 0, math.max(0, now - math.floor(first / 1000))}, 4, 0
for i = 1, #found, 2 do
    if i > 2 * limit or bytes > BYTES_MAX then
        out[3] = 1
        break
    end
    local seq, name = string.match(found[i], '^(%d+):(.*)$')
    local body = seq and redis.pcall('GET', prefix .. 'e:' .. seq)
    if type(body) ~= 'string' then body = '' end
    local tag = name and redis.pcall('GET', place .. 't:' .. name)
    out[n + 1], out[n + 2], out[n + 3], out[n + 4] = found[i + 1], found[i], type(tag) == 'string' and tag or '', body
    n, bytes = n + 4, bytes + #body
end
return out

--[[
webhooks/deliveries: the next deliveries of a subscription, or the dead letters of a shard, in order of time, newest
first.

retry: safe
flags: no-writes
KEYS
  1 prefix      the owner's shard's prefix
ARGV
  1 sub         the subscription, or empty for the shard's dead letters
  2 from        the latest time to begin with, ms, or +inf
  3 until       the earliest, ms, or -inf
  4 offset      how many of the first time to leave out
  5 limit       at most so many, 1 to 500
REPLIES
  ROWS more now rows..  more is 1 when there may be others; time in ms; per delivery: time it is listed by, id,
                        subscription, owner, event id, event type, state letter, attempts, status, took_ms, error,
                        created_ms, done_ms, next_ms, trace id, flags, inbound; all but the first two empty once it has
                        ended
EVENTS
  none
COMPLEXITY
  O(log deliveries + offset + limit); 2 calls and 1 a delivery
]]
--include <clock>

local prefix, limit = KEYS[1], ARGV[5] + 0
local list = ARGV[1] == '' and prefix .. 'dead' or prefix .. 'wd:' .. ARGV[1]
local found = redis.call('ZREVRANGEBYSCORE', list, ARGV[2], ARGV[3], 'WITHSCORES', 'LIMIT', ARGV[4], limit)
local out, n = {'ROWS', #found == 2 * limit and 1 or 0, (clock.now())}, 3
for i = 1, #found, 2 do
    local d = redis.pcall('HMGET', prefix .. 'dv:' .. found[i], 'sub', 'owner', 'event', 'type', 'state', 'attempts',
        'status', 'took_ms', 'error', 'created_ms', 'done_ms', 'next_ms', 'trace', 'flags', 'inbound')
    out[n + 1], out[n + 2] = found[i + 1], found[i]
    for k = 1, 15 do out[n + 2 + k] = d[k] or '' end
    n = n + 17
end
return out

--[[
events/append: an event that no other script writes with its effect: failed logins, and connections to the store lost
and restored. Of the same reason up to ten a second are written; the others are counted, and the next one tells how
many. A caller that counts itself before it calls says how many it has not told.

retry: never
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch, or __system__ in a tenant's place
ARGV
  1 type        the event's type
  2 reason      what it is counted by
  3 context     JSON of ids and actor
  4 payload     JSON of the event's data
  5 more        events like this one that the caller has counted and not told; -1 for one that was counted here before,
                to tell now what nobody has told since
REPLIES
  TOLD          written
  COUNTED       one too many in this second
  NOTHING       told by others meanwhile
EVENTS
  the one it is given
COMPLEXITY
  O(log events); about 15 calls
]]
--include <clock>
--include <guard>
--include <outbox>
--include <budget/tell>

local prefix, tenant_key = KEYS[1], KEYS[2]
local PER_SECOND, REASONS_MAX = 10, 100
local call, key, field = redis.call, tenant_key .. ':an', ARGV[1] .. ':' .. ARGV[2]
guard.types({key, 'hash'})
guard.journal(prefix, tenant_key)
local now, now_us = clock.now()
local second = math.floor(now / 1000)
local value = call('HGET', key, field)
if not value and call('HLEN', key) >= REASONS_MAX then
    field = ARGV[1] .. ':*'
    value = call('HGET', key, field)
end
local at, count, hidden = string.match(value or '', '^(%d+) (%d+) (%d+)$')
at, count, hidden = (at or 0) + 0, (count or 0) + 0, (hidden or 0) + ARGV[5]
if hidden < 0 then return {'NOTHING'} end
call('PEXPIRE', key, 86400000)
if at == second and count >= PER_SECOND then
    call('HSET', key, field, string.format('%d %d %d', at, count, hidden + 1))
    return {'COUNTED'}
end
outbox.append(prefix, tenant_key, now, now_us, ARGV[1], hidden > 0 and tell.suppressed(ARGV[3], hidden) or ARGV[3],
    ARGV[4])
call('HSET', key, field, string.format('%d %d 0', second, at == second and count + 1 or 1))
call('PEXPIRE', key, 86400000)
return {'TOLD'}

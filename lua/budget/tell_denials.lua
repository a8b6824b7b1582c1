--[[
budget/tell_denials: tells of refusals that were only counted, once their second is over and no other has told of them.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 limit       at most so many events, 1 to 100
REPLIES
  EXPIRED count failed more now   events written; always 0; 1 when there is more; the time in ms
EVENTS
  reservation.denied, with how many more there were
COMPLEXITY
  O(scopes and reasons refused in the last minute), at most 1,001; 9 calls an event
]]
--include <clock>
--include <guard>
--include <few>
--include <outbox>
--include <budget/tell>

local prefix, tenant_key, limit = KEYS[1], KEYS[2], ARGV[1] + 0
local key, name = tenant_key .. ':dn', string.sub(KEYS[2], #KEYS[1] + 3)
local now, now_us = clock.now()
local second = math.floor(now / 1000)
guard.types({key, 'hash', prefix .. 'due', 'zset', prefix .. 'seq', 'counter', prefix .. 'out', 'zset',
    tenant_key .. ':el', 'zset', prefix .. 'el', 'zset'})
local found, told, is_more, is_early = few.fields(key, 2000), 0, 0, false
for i = 1, #found, 2 do
    local at, hidden, rest = string.match(found[i + 1], '^(%d+) %d+ (%d+)%z?(.*)$')
    if at and at + 0 == second and hidden ~= '0' then is_early = true end
    if at and at + 0 < second and hidden ~= '0' then
        local context, payload = string.match(rest, '^([^\1]*)\1(.*)$')
        if told >= limit then
            is_more = 1
        else
            told = told + 1
            if payload then
                outbox.append(prefix, tenant_key, now, now_us, 'reservation.denied',
                    hidden == '1' and context or tell.suppressed(context, hidden - 1), payload)
            end
            redis.call('HDEL', key, found[i])
        end
    end
end
if is_more == 0 then
    if is_early then
        redis.call('ZADD', prefix .. 'due', second * 1000 + 1000, 'd' .. name)
    else
        redis.call('ZREM', prefix .. 'due', 'd' .. name)
    end
end
return {'EXPIRED', told, 0, is_more, now}

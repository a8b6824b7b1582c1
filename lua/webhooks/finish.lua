--[[
webhooks/finish: what came of an attempt. Moves the delivery on, counts the subscription's failures in a row, disables
it when there are too many, and tells of both, in one step.

retry: keyed
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
ARGV
  1 lane        as claimed
  2 id          of the delivery
  3 token       of the lease
  4 outcome     S delivered, R to be tried again, F failed for good, G failed for good because the endpoint is gone
  5 delay_ms    with R: when to try again
  6 status      of the answer, 0 for none
  7 took_ms     how long the attempt took
  8 error       why it failed, or empty
  9 is_strict   1 when the lane waits for a delivery that is tried again, else 0
  10 most       failures in a row after which the subscription is disabled
  11 failed     JSON of the data of system.webhook_delivery_failed, or empty to tell nothing
  12 disabled   JSON of the data of webhook.disabled
  13 context    JSON of ids for these events, without its last brace
REPLIES
  FINISHED disabled   1 when this has disabled the subscription, else 0
  LOST                the lease is not the caller's any more, or this was said before
EVENTS
  system.webhook_delivery_failed, webhook.disabled
COMPLEXITY
  O(log deliveries of the lane + log lanes); about 30 calls, 60 when it disables
]]
--include <clock>
--include <guard>
--include <tenant>
--include <outbox>
--include <webhooks/hooks>
--include <webhooks/lanes>

local prefix, lane, id, outcome = KEYS[1], ARGV[1], ARGV[2], ARGV[4]
local call = redis.call
local key = prefix .. 'dv:' .. id
local d = call('HMGET', key, 'lease', 'sub', 'owner', 'attempts', 'state')
if d[1] ~= ARGV[3] or not (d[2] and d[3]) then return {'LOST'} end
local sub, owner = d[2], d[3]
local place = prefix
local tenant_key = place .. 't:' .. owner
local rows_key, facts_key = tenant_key .. ':wh', tenant_key .. ':wf:' .. sub
guard.types({rows_key, 'hash', facts_key, 'hash', prefix .. 'lanes', 'zset', prefix .. 'fl:' .. sub, 'zset',
    prefix .. 'fo:' .. owner, 'zset',
    prefix .. 'wt:' .. sub, 'zset', prefix .. 'ln:' .. string.sub(lane, 2), 'zset'})
if outcome == 'F' or outcome == 'G' then
    guard.types({prefix .. 'dead', 'zset', tenant_key, 'string', outbox.system(prefix) .. ':el', 'zset',
        tenant_key .. ':wk', 'hash', tenant_key .. ':wc', 'hash', tenant_key .. ':p', 'hash'})
    guard.journal(prefix, tenant_key)
end
local now, now_us = clock.now()
call('HSET', key, 'attempts', (d[4] or 0) + 1, 'status', ARGV[6], 'took_ms', ARGV[7], 'error', ARGV[8])
call('ZREM', prefix .. 'fl:' .. sub, id)
call('ZREM', prefix .. 'fo:' .. owner, id)
lanes.call(prefix, sub, now)
if outcome == 'S' then
    lanes.close(prefix, sub, id, 'S', now)
    call('HDEL', key, 'body')
    lanes.leave(prefix, lane, id, now)
    -- A subscription that was deleted meanwhile leaves nothing behind.
    if call('HEXISTS', rows_key, sub) == 1 then call('HSET', facts_key, 'failures', 0, 'success_ms', now) end
    return {'FINISHED', 0}
end
if outcome == 'R' then
    local at = now + ARGV[5]
    call('HSET', key, 'state', 'R', 'next_ms', at)
    call('HDEL', key, 'lease')
    if ARGV[9] == '1' or string.sub(lane, 1, 1) == 'r' then
        call('ZADD', prefix .. 'lanes', at, lane)
    else
        lanes.leave(prefix, lane, id, now)
        call('ZADD', prefix .. 'lanes', at, 'r' .. id)
    end
    return {'FINISHED', 0}
end
lanes.close(prefix, sub, id, 'F', now)
lanes.leave(prefix, lane, id, now)
if ARGV[11] ~= '' then
    outbox.append(prefix, outbox.system(prefix), now, now_us, 'system.webhook_delivery_failed', ARGV[13] .. '}',
        ARGV[11])
end
local row = call('HGET', rows_key, sub)
if not row then return {'FINISHED', 0} end
local failures = call('HINCRBY', facts_key, 'failures', 1)
call('HSET', facts_key, 'failure_ms', now)
local created, rest = string.match(row, '^A%z(%d+)%z%d+(%z.*)$')
if not created or (outcome ~= 'G' and failures < ARGV[10] + 0) then return {'FINISHED', 0} end
call('HSET', rows_key, sub, 'D\0' .. created .. '\0' .. now .. rest)
if call('EXISTS', tenant_key) == 1 then
    tenant.bump(tenant_key, now_us)
    -- What it asked for is not looked out for any more; taken back into use it asks again.
    local change = hooks.change(tenant_key, sub, '')
    if change then hooks.write(tenant_key, sub, change, now_us) end
end
outbox.append(prefix, tenant_key, now, now_us, 'webhook.disabled', ARGV[13] ..
    ',"correlation_id":"webhook_auto_disable:' .. sub .. ':' .. id .. '"}', ARGV[12])
return {'FINISHED', 1}

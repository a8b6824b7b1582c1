--[[
webhooks/record_probe: the record of a test event, which was sent at once and is over. It counts neither as a success
nor as a failure of its subscription, and is no dead letter.

retry: keyed
KEYS
  1 prefix      the owner's shard's prefix
  2 tenant      the owner's status letter and epoch
ARGV
  1 id          of the delivery
  2 sub         the subscription
  3 event       id of the event
  4 type        its type
  5 trace       its trace id
  6 flags       its trace flags
  7 inbound     1 for a valid inbound traceparent, else 0
  8 request     its request id
  9 state       S delivered, F failed
  10 status     of the answer, 0 for none
  11 took_ms    how long it took
  12 error      why it failed, or empty
REPLIES
  RECORDED      done, or done before
  NOT_FOUND     the owner has no such subscription any more
EVENTS
  none
COMPLEXITY
  O(log deliveries); about 12 calls
]]
--include <clock>
--include <guard>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call, sub = redis.call, ARGV[2]
local KEEP_MS = 1209600000
if call('HEXISTS', tenant_key .. ':wh', sub) == 0 then return {'NOT_FOUND'} end
local key, list_key = prefix .. 'dv:' .. ARGV[1], prefix .. 'wd:' .. sub
if call('EXISTS', key) == 1 then return {'RECORDED'} end
local ended_key = prefix .. 'we:' .. sub
guard.types({list_key, 'zset', ended_key, 'zset'})
local now = clock.now()
local began = now - ARGV[11]
local owner = string.sub(tenant_key, #prefix + 3)
call('HSET', key, 'sub', sub, 'owner', owner, 'tenant', owner, 'event', ARGV[3], 'type', ARGV[4], 'trace', ARGV[5],
    'flags', ARGV[6], 'inbound', ARGV[7], 'request', ARGV[8], 'state', ARGV[9], 'attempts', 1, 'status', ARGV[10],
    'took_ms', ARGV[11], 'error', ARGV[12], 'created_ms', began, 'done_ms', now)
call('PEXPIRE', key, KEEP_MS)
call('ZADD', list_key, began, ARGV[1])
call('PEXPIRE', list_key, KEEP_MS)
call('ZADD', ended_key, now, ARGV[1])
call('PEXPIRE', ended_key, KEEP_MS)
for _, old in ipairs(call('ZRANGEBYSCORE', list_key, '-inf', now - KEEP_MS, 'LIMIT', 0, 4)) do
    call('ZREM', list_key, old)
    call('ZREM', ended_key, old)
end
return {'RECORDED'}

--[[
webhooks/enqueue: deliveries of events to subscriptions of one owner, each once, however often this is called.

retry: keyed
KEYS
  1 prefix      the owner's shard's prefix
  2 tenant      the owner's status letter and epoch
ARGV
  1 created_ms  when the deliveries were decided on by the caller's clock, ms; 0 for now
  2.. items     per delivery: its id, subscription, lane's tenant, score in the lane (sequence number of the event),
                event id, event type, trace id or empty, trace flags, 1 for a valid inbound traceparent else 0, request
                id or empty, body
REPLIES
  QUEUED count words..   deliveries there were not before; per item Q queued, D there before, S no such subscription or
                         not active
EVENTS
  none
COMPLEXITY
  O(items * log deliveries), at most 100 items; 10 calls each
]]
--include <clock>
--include <guard>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
local KEEP_MS, WIDTH = 1209600000, 11
local owner = string.sub(tenant_key, #prefix + 3)
local now = clock.now()
local created = ARGV[1] == '0' and now or ARGV[1]
guard.types({tenant_key .. ':wh', 'hash', prefix .. 'lanes', 'zset'})
local out, count = {'QUEUED', 0}, 0
for i = 2, #ARGV, WIDTH do
    local id, sub, name = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    local row = call('HGET', tenant_key .. ':wh', sub)
    local key, word = prefix .. 'dv:' .. id, 'Q'
    if not row or string.sub(row, 1, 1) ~= 'A' then
        word = 'S'
    elseif call('EXISTS', key) == 1 then
        word = 'D'
    else
        local lane_key, lane = prefix .. 'ln:' .. sub .. ':' .. name, 'l' .. sub .. ':' .. name
        local list_key = prefix .. 'wd:' .. sub
        guard.types({lane_key, 'zset', list_key, 'zset', tenant_key .. ':wf:' .. sub, 'hash'})
        count = count + 1
        call('HSET', key, 'sub', sub, 'owner', owner, 'tenant', name, 'event', ARGV[i + 4], 'type', ARGV[i + 5],
            'trace', ARGV[i + 6], 'flags', ARGV[i + 7], 'inbound', ARGV[i + 8], 'request', ARGV[i + 9],
            'body', ARGV[i + 10], 'state', 'P', 'attempts', 0, 'created_ms', created)
        call('PEXPIRE', key, KEEP_MS)
        call('ZADD', list_key, created, id)
        call('PEXPIRE', list_key, KEEP_MS)
        for _, old in ipairs(call('ZRANGEBYSCORE', list_key, '-inf', now - KEEP_MS, 'LIMIT', 0, 4)) do
            call('ZREM', list_key, old)
        end
        call('ZADD', lane_key, ARGV[i + 3], id)
        call('ZADD', prefix .. 'lanes', 'NX', now, lane)
        call('HSET', tenant_key .. ':wf:' .. sub, 'triggered_ms', now)
    end
    out[#out + 1] = word
end
out[2] = count
return out

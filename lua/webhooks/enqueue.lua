--[[
webhooks/enqueue: deliveries of events to subscriptions of one owner, each once, however often this is called.

retry: keyed
KEYS
  1 prefix      the owner's shard's prefix
  2 tenant      the owner's status letter and epoch
ARGV
  1 most        deliveries that are kept of a subscription, 1 and up
  2.. items     per delivery: its id, subscription, lane's tenant, score in the lane (sequence number of the event),
                event id, event type, trace id or empty, trace flags, 1 for a valid inbound traceparent else 0, request
                id or empty, when its age begins (ms; 0 for now, of what somebody asks to be sent again), body
REPLIES
  QUEUED count words..   deliveries there were not before; per item Q queued, D there before, S no such subscription or
                         not active, X dropped: the subscription has as many as are kept and all of them wait
EVENTS
  none
COMPLEXITY
  O(items * log deliveries), at most 100 items; 12 calls each, up to 60 where a subscription has as many as are kept
]]
--include <clock>
--include <guard>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
local KEEP_MS, WIDTH, most = 1209600000, 12, ARGV[1] + 0
local owner = string.sub(tenant_key, #prefix + 3)
local now = clock.now()
guard.types({tenant_key .. ':wh', 'hash', prefix .. 'lanes', 'zset', prefix .. 'dead', 'zset'})

-- Whether the list of a subscription's deliveries has room for one more. Where it is full, the one that ended first
-- goes.
local function has_room(sub)
    local list_key, ended_key, dead_key = prefix .. 'wd:' .. sub, prefix .. 'we:' .. sub, prefix .. 'dead'
    if call('ZCARD', list_key) < most then return true end
    for _ = 1, 4 do
        local id = call('ZPOPMIN', ended_key)[1]
        if not id then break end
        call('DEL', prefix .. 'dv:' .. id)
        call('ZREM', dead_key, id)
        if call('ZREM', list_key, id) == 1 then return true end
    end
    -- Those that ended before there was a list of them, and those whose life is over.
    for _, id in ipairs(call('ZRANGE', list_key, 0, 15)) do
        local state = redis.pcall('HGET', prefix .. 'dv:' .. id, 'state')
        if state ~= 'P' and state ~= 'R' then
            call('DEL', prefix .. 'dv:' .. id)
            call('ZREM', dead_key, id)
            call('ZREM', ended_key, id)
            call('ZREM', list_key, id)
            return true
        end
    end
    return false
end

local out, count, full = {'QUEUED', 0}, 0, {}
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
        local list_key, ended_key = prefix .. 'wd:' .. sub, prefix .. 'we:' .. sub
        guard.types({lane_key, 'zset', list_key, 'zset', ended_key, 'zset', tenant_key .. ':wf:' .. sub, 'hash'})
        local at = ARGV[i + 10]
        local created = at == '0' and now or at
        -- What somebody asks to be sent again is few.
        if at == '0' or (not full[sub] and has_room(sub)) then
            count = count + 1
            call('HSET', key, 'sub', sub, 'owner', owner, 'tenant', name, 'event', ARGV[i + 4], 'type', ARGV[i + 5],
                'trace', ARGV[i + 6], 'flags', ARGV[i + 7], 'inbound', ARGV[i + 8], 'request', ARGV[i + 9],
                'body', ARGV[i + 11], 'state', 'P', 'attempts', 0, 'created_ms', created)
            call('PEXPIRE', key, KEEP_MS)
            call('ZADD', list_key, created, id)
            call('PEXPIRE', list_key, KEEP_MS)
            for _, old in ipairs(call('ZRANGEBYSCORE', list_key, '-inf', now - KEEP_MS, 'LIMIT', 0, 4)) do
                call('ZREM', list_key, old)
                call('ZREM', ended_key, old)
            end
            call('ZADD', lane_key, ARGV[i + 3], id)
            call('ZADD', prefix .. 'lanes', 'NX', now, lane)
            call('HSET', tenant_key .. ':wf:' .. sub, 'triggered_ms', now)
        else
            word, full[sub] = 'X', true
        end
    end
    out[#out + 1] = word
end
out[2] = count
return out

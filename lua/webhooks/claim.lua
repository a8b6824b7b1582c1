--[[
webhooks/claim: deliveries of a shard that are due, each leased to the caller, who sends them and then says what came of
it (webhooks/finish). A lease that ends unanswered, because its worker has died, makes the delivery due again.

What cannot be sent any more is ended here: its subscription is gone or not active, or it is too old.

retry: never
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
ARGV
  1 token       names the leases, unique per call
  2 lease_ms    how long they last; longer than an attempt may take
  3 limit       at most so many deliveries, 1 to 100
  4 cap         attempts that one subscription may have under way, 1 and up
  5 max_age_ms  deliveries older than this are ended
REPLIES
  CLAIMED now oldest ended more items..  time in ms; how long the first lane has been due, ms; deliveries ended here; 1
                        when not every lane that is due was looked at; per delivery: lane, id, subscription, its row,
                        owner, event id, event type, attempts so far, trace id, flags, inbound, request id, created_ms,
                        body
EVENTS
  none
COMPLEXITY
  O(limit * log lanes); about 11 calls a delivery
]]
--include <clock>
--include <guard>
--include <webhooks/lanes>

local prefix = KEYS[1]
local token, lease_ms, limit, cap = ARGV[1], ARGV[2] + 0, ARGV[3] + 0, ARGV[4] + 0
local call = redis.call
local BYTES_MAX, ENDED_MAX, OWNER_MAX = 1048576, 100, 64
-- The longest lease that a worker may be given: workers with shorter ones do not cut off what others have under way.
local LEASE_MAX_MS = 600000
local now = clock.now()
local index, place = prefix .. 'lanes', prefix
guard.types({prefix .. 'dead', 'zset'})
local due = call('ZRANGEBYSCORE', index, '-inf', now, 'WITHSCORES', 'LIMIT', 0, 2 * limit)
local out, claimed, ended, bytes = {'CLAIMED', now, 0, 0, #due == 4 * limit and 1 or 0}, 0, 0, 0
if #due > 0 then out[3] = now - due[2] end

-- The first delivery of a lane with all that is known of it, or nil when the lane is empty.
local function head(lane)
    if string.sub(lane, 1, 1) == 'r' then return string.sub(lane, 2) end
    return call('ZRANGE', prefix .. 'ln:' .. string.sub(lane, 2), 0, 0)[1]
end

for i = 1, #due, 2 do
    if claimed >= limit or ended >= ENDED_MAX or bytes > BYTES_MAX then
        out[5] = 1
        break
    end
    local lane = due[i]
    local id, waits_of = head(lane), nil
    while id do
        local d = redis.pcall('HMGET', prefix .. 'dv:' .. id, 'sub', 'owner', 'state', 'body', 'event', 'type',
            'attempts', 'trace', 'flags', 'inbound', 'request', 'created_ms')
        local sub, owner = d[1], d[2]
        local is_open = sub and owner and (d[3] == 'P' or d[3] == 'R') and d[4] and d[12] and not d.err
        local reason, row = nil, nil
        if is_open then
            row = redis.pcall('HGET', place .. 't:' .. owner .. ':wh', sub)
            local letter = type(row) == 'string' and string.sub(row, 1, 1)
            if not letter then
                reason = 'Subscription not found'
            elseif letter ~= 'A' then
                reason = 'Subscription not active: ' .. (letter == 'P' and 'PAUSED' or 'DISABLED')
            elseif now - d[12] > ARGV[5] + 0 then
                local span, unit = 3600000, 'h'
                if ARGV[5] % span ~= 0 then span, unit = 60000, 'm' end
                reason = string.format('Delivery expired: %d%s old (max %d%s)', math.floor((now - d[12]) / span),
                    unit, math.floor(ARGV[5] / span), unit)
            end
        end
        if is_open and not reason then
            local flights, crowd = prefix .. 'fl:' .. sub, prefix .. 'fo:' .. owner
            call('ZREMRANGEBYSCORE', crowd, '-inf', now)
            if owner ~= '__system__' and call('ZCARD', crowd) >= OWNER_MAX then
                -- No owner fills the workers, however many endpoints it has that hang.
                call('ZADD', index, now + 200, lane)
                break
            end
            call('ZREM', prefix .. 'wt:' .. sub, lane)
            call('ZREMRANGEBYSCORE', flights, '-inf', now)
            waits_of = nil
            if call('ZCARD', flights) >= cap then
                local first = call('ZRANGE', flights, 0, 0, 'WITHSCORES')[2]
                lanes.wait(prefix, sub, lane, now, first, 2 * LEASE_MAX_MS)
                break
            end
            call('ZADD', crowd, now + lease_ms, id)
            call('PEXPIRE', crowd, LEASE_MAX_MS)
            call('ZADD', flights, now + lease_ms, id)
            call('PEXPIRE', flights, LEASE_MAX_MS)
            call('ZADD', index, now + lease_ms, lane)
            call('HSET', prefix .. 'dv:' .. id, 'lease', token)
            local n = #out
            out[n + 1], out[n + 2], out[n + 3], out[n + 4], out[n + 5] = lane, id, sub, row, owner
            out[n + 6], out[n + 7], out[n + 8], out[n + 9], out[n + 10] = d[5], d[6], d[7], d[8], d[9]
            out[n + 11], out[n + 12], out[n + 13], out[n + 14] = d[10], d[11], d[12], d[4]
            claimed, bytes = claimed + 1, bytes + #d[4] + #row
            break
        end
        -- Over, or never to be sent; what cannot be read goes on in the list of deliveries alone.
        ended = ended + 1
        if is_open then lanes.close(prefix, sub, id, 'F', now, reason) end
        waits_of = sub or waits_of
        lanes.leave(prefix, lane, id, now)
        if string.sub(lane, 1, 1) == 'r' or ended >= ENDED_MAX then break end
        id = head(lane)
    end
    if not id then call('ZREM', index, lane) end
    -- Nothing of it is sent: what waited behind it does not wait for it any longer.
    if waits_of then lanes.call(prefix, waits_of, now) end
end
out[4] = ended
return out

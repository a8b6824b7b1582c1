-- outbox: an event written with its effect. One body under e:<seq> (90 days), one entry in the shard's outbox for the
-- relay, one in the tenant's log and one in the shard's, both with the event's type so that lists need no bodies. Body:
-- now_ms NUL tenant NUL type NUL context NUL payload; context is JSON of ids and actor or empty, payload JSON of the
-- event's data, or for some types its fields divided by NUL (Sources/Events). The log is bounded: each append drops up
-- to four of the oldest entries past the count or past their body's life. system() is the place of events of no tenant.
--include <sequence>
local outbox = {}
do
    local KEEP_COUNT = 100000
    local KEEP_MS = 7776000000
    outbox.KEEP_MS = KEEP_MS

    -- After `count` appends.
    function outbox.trim(prefix, tenant_key, name, now_us, count)
        local log = tenant_key .. ':el'
        local over = redis.call('ZCARD', log) - KEEP_COUNT
        if over > 0 then over = over + 3 end
        local entries = redis.call('ZRANGE', log, 0, 4 * count - 1)
        local n = 0
        for i = 1, #entries do
            local at = tonumber(string.match(entries[i], '^%d+'))
            if i > over and at and at + KEEP_MS * 1000 > now_us then break end
            n = i
        end
        if n == 0 then return end
        local bodies, places, waiting = {}, {}, {}
        for i = 1, n do
            local seq = string.match(entries[i], '^%d*')
            bodies[i], places[i] = prefix .. 'e:' .. seq, entries[i] .. ':' .. name
            waiting[i] = seq .. ':' .. name
        end
        redis.call('ZREM', log, unpack(entries, 1, n))
        redis.call('DEL', unpack(bodies))
        redis.call('ZREM', prefix .. 'el', unpack(places))
        redis.call('ZREM', prefix .. 'out', unpack(waiting))
    end

    function outbox.append(prefix, tenant_key, now_ms, now_us, kind, context, payload)
        local name = string.sub(tenant_key, #prefix + 3)
        local seq = sequence.next(prefix, now_us)
        local body = now_ms .. '\0' .. name .. '\0' .. kind .. '\0' .. context .. '\0' .. payload
        redis.call('SET', prefix .. 'e:' .. seq, body, 'PX', KEEP_MS)
        redis.call('ZADD', tenant_key .. ':el', seq, seq .. ':' .. kind)
        redis.call('ZADD', prefix .. 'el', seq, seq .. ':' .. kind .. ':' .. name)
        redis.call('ZADD', prefix .. 'out', seq, seq .. ':' .. name)
        outbox.trim(prefix, tenant_key, name, now_us, 1)
        return seq
    end

    function outbox.system(prefix)
        local place = prefix
        return place .. 't:__system__'
    end
end

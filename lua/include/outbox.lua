-- outbox: an event written with its effect. One body under e:<seq> (90 days), one entry in the shard's outbox for the
-- relay, one in the tenant's log and one in the shard's, both with the event's type so that lists need no bodies. Body:
-- now_ms NUL tenant NUL type NUL context NUL payload; context is JSON of ids and actor or empty, payload JSON of the
-- event's data, or for some types its fields divided by NUL (Sources/Events). The log is bounded: each append drops up
-- to four of the oldest entries past the count or past their body's life. system() is the place of events of no tenant.
--include <sequence>
local outbox = {}
do
    local KEEP_MS, KEEP_COUNT = 7776000000, 100000

    local function trim(prefix, tenant_key, name, now_us)
        local log = tenant_key .. ':el'
        local over = redis.call('ZCARD', log) > KEEP_COUNT
        for _, entry in ipairs(redis.call('ZRANGE', log, 0, 3)) do
            local seq = string.match(entry, '^%d+')
            local at = tonumber(seq)
            if not over and at and at + KEEP_MS * 1000 > now_us then return end
            redis.call('ZREM', log, entry)
            if at then
                redis.call('DEL', prefix .. 'e:' .. seq)
                redis.call('ZREM', prefix .. 'el', entry .. ':' .. name)
                redis.call('ZREM', prefix .. 'out', seq .. ':' .. name)
            end
        end
    end

    function outbox.append(prefix, tenant_key, now_ms, now_us, kind, context, payload)
        local name = string.sub(tenant_key, #prefix + 3)
        local seq = sequence.next(prefix, now_us)
        local body = now_ms .. '\0' .. name .. '\0' .. kind .. '\0' .. context .. '\0' .. payload
        redis.call('SET', prefix .. 'e:' .. seq, body, 'PX', KEEP_MS)
        redis.call('ZADD', tenant_key .. ':el', seq, seq .. ':' .. kind)
        redis.call('ZADD', prefix .. 'el', seq, seq .. ':' .. kind .. ':' .. name)
        redis.call('ZADD', prefix .. 'out', seq, seq .. ':' .. name)
        trim(prefix, tenant_key, name, now_us)
        return seq
    end

    function outbox.system(prefix)
        local place = prefix
        return place .. 't:__system__'
    end
end

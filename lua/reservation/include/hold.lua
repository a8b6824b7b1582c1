-- hold: the record of one held name, <tenant>:k:<name>: expires_ms 13 digits (all nines for never), fencing token 16,
-- release token 36, then requester, resource type and key label divided by line feeds. Its index entries: <tenant>:act
-- (score expires_ms or +inf; member 'k' and the name) and <tenant>:q:<requester> (score fencing token).
--include <guard>
local hold = {}
do
    hold.NEVER = '9999999999999'

    -- requester, type and label of a record; nothing when it has another shape.
    function hold.parse(value)
        if #value < 68 or not string.find(value, '^%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d') then
            return nil
        end
        return string.match(value, '^([^\n]*)\n([^\n]*)\n([^\n]*)$', 66)
    end

    -- expires_ms as a number, fencing token, release token, requester, type and label of a record.
    function hold.open(value)
        local requester, kind, label = hold.parse(value)
        if not label then error({err = 'CORRUPT hold record'}) end
        return string.sub(value, 1, 13) + 0, string.sub(value, 14, 29), string.sub(value, 30, 65), requester, kind,
            label
    end

    function hold.event(name, requester, kind, label, expires)
        return name .. '\n' .. requester .. '\n' .. kind .. '\n' .. label .. '\n' .. expires
    end

    -- For a call of several items: raises before the first write if a key that any of them may touch is not in order,
    -- so that no item is done when another cannot be. Items begin at items[first], `width` words each: requester, name,
    -- ...
    function hold.check_batch(prefix, tenant_key, items, first, width)
        guard.types({tenant_key .. ':act', 'zset', tenant_key .. ':ev', 'stream', prefix .. 'due', 'zset'})
        for i = first, #items, width do
            local value = redis.call('GET', tenant_key .. ':k:' .. items[i + 1])
            guard.types({tenant_key .. ':q:' .. items[i], 'zset'})
            if value then
                local _, _, _, owner = hold.open(value)
                guard.types({tenant_key .. ':q:' .. owner, 'zset'})
            end
        end
    end

    -- Frees a held name: this is the one place where a waiter could be handed it. Index entries go first, each through
    -- pcall and put back when a later step fails; returns the error text then, with nothing changed.
    function hold.free(tenant_key, name, value, reason, id, append)
        local expires, fence, _, requester, kind, label = hold.open(value)
        local active_key, requester_key = tenant_key .. ':act', tenant_key .. ':q:' .. requester
        local score = string.sub(value, 1, 13) == hold.NEVER and '+inf' or expires
        local r = redis.pcall('ZREM', active_key, 'k' .. name)
        if type(r) == 'table' then return nil, r.err end
        local q = redis.pcall('ZREM', requester_key, name)
        if type(q) == 'table' then
            if r == 1 then redis.call('ZADD', active_key, score, 'k' .. name) end
            return nil, q.err
        end
        local used, failure = append(tenant_key .. ':ev', id, reason,
            hold.event(name, requester, kind, label, string.sub(value, 1, 13)))
        if not used then
            if r == 1 then redis.call('ZADD', active_key, score, 'k' .. name) end
            if q == 1 then redis.call('ZADD', requester_key, fence, name) end
            return nil, failure
        end
        redis.call('DEL', tenant_key .. ':k:' .. name)
        return used
    end
end

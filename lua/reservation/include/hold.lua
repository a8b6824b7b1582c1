-- hold: the record of one held name, <tenant>:k:<name>: expires_ms 13 digits (all nines for never), fencing token 16,
-- release token 36, then requester, resource type and key label divided by line feeds. Its index entries: <tenant>:act
-- (score expires_ms or +inf; member 'k' and the name) and <tenant>:q:<requester> (score fencing token).
--include <reservation/stream>
local hold = {NEVER = '9999999999999'}
do
    -- expires_ms, fencing token, release token, requester, type and label of a record, all as text; raises CORRUPT for
    -- another shape, or returns nothing when `is_tolerant`.
    function hold.open(value, is_tolerant)
        local sub = string.sub
        local _, digits = string.find(value, '^%d+')
        local requester, kind, label
        if digits and digits >= 29 and #value >= 68 then
            requester, kind, label = string.match(value, '^([^\n]*)\n([^\n]*)\n([^\n]*)$', 66)
        end
        if not label then
            if is_tolerant then return nil end
            error({err = 'CORRUPT hold record'})
        end
        return sub(value, 1, 13), sub(value, 14, 29), sub(value, 30, 65), requester, kind, label
    end

    -- For a call of several items: raises before the first write if a key that any of them may touch is not in order,
    -- so that no item is done when another cannot be. Items begin at items[first], `width` words each: requester, name,
    -- ...
    function hold.check_batch(prefix, tenant_key, items, first, width)
        local call = redis.call
        -- Counting raises WRONGTYPE for a key of another type.
        call('ZCARD', tenant_key .. ':act')
        call('XLEN', tenant_key .. ':ev')
        call('ZCARD', prefix .. 'due')
        for i = first, #items, width do
            local value = call('GET', tenant_key .. ':k:' .. items[i + 1])
            call('ZCARD', tenant_key .. ':q:' .. items[i])
            if value then
                local _, _, _, owner = hold.open(value)
                call('ZCARD', tenant_key .. ':q:' .. owner)
            end
        end
    end

    -- Frees a held name, whose record open() gave the fields: this is the one place where a waiter could be handed it.
    -- Index entries go first, each through pcall and put back when a later step fails; returns the id of the event, or
    -- nil and the error text with nothing changed.
    function hold.free(tenant_key, name, reason, id, expires, fence, requester, kind, label)
        local call, pcall, type = redis.call, redis.pcall, type
        local active_key, requester_key, member = tenant_key .. ':act', tenant_key .. ':q:' .. requester, 'k' .. name
        local r = pcall('ZREM', active_key, member)
        if type(r) == 'table' then return nil, r.err end
        local q = pcall('ZREM', requester_key, name)
        local used, failure
        if type(q) == 'table' then
            failure = q.err
        else
            used, failure = stream.append(tenant_key .. ':ev', id, reason,
                name .. '\n' .. requester .. '\n' .. kind .. '\n' .. label .. '\n' .. expires)
        end
        if not used then
            if r == 1 then call('ZADD', active_key, expires == hold.NEVER and '+inf' or expires, member) end
            if q == 1 then call('ZADD', requester_key, fence, name) end
            return nil, failure
        end
        call('DEL', tenant_key .. ':k:' .. name)
        return used
    end
end

-- hold: the record of one held name, <tenant>:k:<name>: expires_ms 13 digits (all nines for never), fencing token 16,
-- release token 36, then requester, resource type and key label divided by line feeds; for a registered resource also
-- the extension that derived.lua describes. Its index entries: <tenant>:act (score expires_ms or +inf; member 'k' and
-- the name) and <tenant>:q:<requester> (score fencing token).
--include <reservation/stream>
--include <reservation/derived>
local hold = {NEVER = '9999999999999'}
do
    -- expires_ms, fencing token, release token, requester, type, label and extension (empty, or from its line feed on)
    -- of a record, all as text; raises CORRUPT for another shape, or returns nothing when `is_tolerant`.
    function hold.open(value, is_tolerant)
        local sub = string.sub
        local _, digits = string.find(value, '^%d+')
        local requester, kind, label, extension
        if digits and digits >= 29 and #value >= 68 then
            requester, kind, label, extension = string.match(value, '^([^\n]*)\n([^\n]*)\n([^\n]*)(.*)$', 66)
        end
        if not label then
            if is_tolerant then return nil end
            error({err = 'CORRUPT hold record'})
        end
        return sub(value, 1, 13), sub(value, 14, 29), sub(value, 30, 65), requester, kind, label, extension
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

    -- Frees a held name, whose record open() gave the fields, and what was taken along with it: this is the one place
    -- where a waiter could be handed any of it. Reasons: R released, B in bulk, F by force, X expired. What was taken
    -- along is looked at first; then index entries go, each through pcall and put back when a later step fails. Returns
    -- the id of the event and the names freed (nil for this name alone), or nil and the error text with nothing
    -- changed.
    function hold.free(tenant_key, name, reason, id, expires, fence, token, requester, kind, label, extension)
        local call, pcall, type = redis.call, redis.pcall, type
        local active_key, requester_key, member = tenant_key .. ':act', tenant_key .. ':q:' .. requester, 'k' .. name
        local entry, commands, released = name, nil, nil
        local tail = '\n' .. requester .. '\n' .. kind .. '\n' .. label .. '\n' .. expires
        if extension ~= '' then
            local failure
            commands, released, failure = derived.undo(tenant_key, name, requester, token, extension)
            if failure then return nil, failure end
            entry = derived.named(name, extension)
            tail = tail .. '\n' .. (entry == name and '' or name) .. '\n' .. table.concat(released, '\t')
        end
        local r = pcall('ZREM', active_key, member)
        if type(r) == 'table' then return nil, r.err end
        local q = pcall('ZREM', requester_key, name)
        local used, failure
        if type(q) == 'table' then
            failure = q.err
        else
            used, failure = stream.append(tenant_key .. ':ev', id, reason, entry .. tail)
        end
        if not used then
            if r == 1 then call('ZADD', active_key, expires == hold.NEVER and '+inf' or expires, member) end
            if q == 1 then call('ZADD', requester_key, fence, name) end
            return nil, failure
        end
        call('DEL', tenant_key .. ':k:' .. name)
        if commands then
            for i = 1, #commands do call(unpack(commands[i])) end
        end
        return used, released
    end
end

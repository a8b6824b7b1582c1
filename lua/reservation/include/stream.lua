-- stream: the tenant's event stream <tenant>:ev, whose entry ids are the fencing tokens: microseconds since the epoch,
-- or the last id plus 1 when the clock stands still or stepped back. Strictly rising per tenant, also when locks are
-- lost. One field an entry: A acquired, R released, X expired; its value: resource, requester, type, label, expires (13
-- digits, all nines for never) divided by line feeds. About 1,000 entries are kept.
-- Ids are handled as text of 16 digits, because turning a number into text costs as much as a call.
local stream = {}
do
    -- Appends an entry at `id` or later. Returns the id used, or nil and the error text with nothing written.
    function stream.append(key, id, kind, value)
        local pcall, type = redis.pcall, type
        local r = pcall('XADD', key, 'MAXLEN', '~', '1000', id .. '-0', kind, value)
        if type(r) ~= 'table' then return id end
        local facts = pcall('XINFO', 'STREAM', key)
        if facts.err then return nil, facts.err end
        for i = 1, #facts, 2 do
            if facts[i] == 'last-generated-id' then
                local last = string.format('%d', string.match(facts[i + 1], '^(%d+)-') + 1)
                r = pcall('XADD', key, 'MAXLEN', '~', '1000', last .. '-0', kind, value)
                if type(r) ~= 'table' then return last end
            end
        end
        return nil, r.err
    end
end

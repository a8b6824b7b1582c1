-- occupancy: how much of a resource is in use, for those who only ask.
--include <few>
--include <reservation/hold>
local occupancy = {}
do
    local call = redis.call

    -- The one requester of a hash of few fields that a prefix marks; nothing when there are several. Not by HSCAN: a
    -- hash that was large may have its few fields far apart, and a step finds none of them.
    local function single(key, mark)
        local fields, found = few.fields(key, 4), nil
        for i = 1, #fields, 2 do
            if fields[i] ~= '' and string.sub(fields[i], 1, #mark) == mark then
                if found then return nil end
                found = string.sub(fields[i], #mark + 1)
            end
        end
        return found
    end

    -- Units of a registered resource in use, and their holder when there is exactly one unit in use. `now` in ms: a
    -- hold of a resource of one unit that is past its time is none.
    function occupancy.of(tenant_key, name, d, now)
        local direct, holder = 0, nil
        if d.is_pool then
            local units_key = tenant_key .. ':ph:' .. name
            direct = (call('HGET', units_key, 'n') or 0) + 0
            if direct == 1 then holder = single(units_key, 'r') end
        else
            local value = call('GET', tenant_key .. ':k:' .. name)
            if value then
                local till, _, _, owner = hold.open(value)
                if till + 0 > now then direct, holder = 1, owner end
            end
        end
        if not d.is_ancestor then return direct, holder end
        local node_key = tenant_key .. ':an:' .. name
        local both = call('HGET', node_key, '')
        local below = call('HLEN', node_key) - (both and 1 or 0) - (both or 0)
        if below == 1 and direct == 0 then holder = single(node_key, '') end
        return direct + below, direct + below == 1 and holder or nil
    end

    -- Whether something of the tenant is past its time and not yet ended, beyond what the caller has expired.
    function occupancy.is_behind(tenant_key, now, swept_ms)
        return #call('ZRANGEBYSCORE', tenant_key .. ':act', '-inf', swept_ms > 0 and swept_ms or now, 'LIMIT', 0, 1) > 0
    end
end

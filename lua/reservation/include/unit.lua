-- unit: makes a hold that is older than the definition of its resource one of the resource's units, so that it counts
-- for what it is. It keeps its token and its time, and has no blockers and no ancestors. A record that cannot be read
-- is left as it is.
--include <reservation/hold>
--include <reservation/derived>
local unit = {}
do
    -- `value` is the record of the hold of `name`, the bare name (slot '-') or a slot of `base`. Returns about how long
    -- it took, us.
    function unit.adopt(tenant_key, name, base, slot, is_pool, value)
        local call = redis.call
        local expires, _, token, requester, _, _, extension = hold.open(value, true)
        if not expires then return 2 end
        local flags, logical, blockers, ancestors = derived.parts(extension)
        if extension ~= '' and not flags then return 2 end
        if extension ~= '' and (not is_pool or string.find(flags, 'p', 1, true)) then return 2 end
        if extension == '' then flags, blockers, ancestors = slot == '-' and '' or 's', '', '' end
        -- A name of its own until now, or a unit already.
        if extension ~= '' and logical ~= name and logical ~= base then return 2 end
        local head = string.sub(value, 1, #value - #extension)
        local marks = is_pool and flags .. 'p' or flags
        call('SET', tenant_key .. ':k:' .. name,
            head .. '\n' .. marks .. '\n' .. base .. '\n' .. blockers .. '\n' .. ancestors)
        if not is_pool then return 4 end
        local units_key, node_key = tenant_key .. ':ph:' .. base, tenant_key .. ':an:' .. base
        local list = call('HGET', units_key, 'r' .. requester)
        -- Who holds something below took a unit for that, and now has one of its own; a hold of the bare name was seen
        -- to be one all along.
        if slot ~= '-' and not list and call('HEXISTS', node_key, requester) == 1 then
            call('HINCRBY', node_key, '', 1)
        end
        call('HSET', units_key, 'r' .. requester, list and list .. ' ' .. slot or slot)
        call('HINCRBY', units_key, 'n', 1)
        if requester ~= derived.SYSTEM then call('HSET', units_key, 't' .. token, slot) end
        if slot ~= '-' then call('SETBIT', tenant_key .. ':pb:' .. base, slot, 1) end
        return 12 + (list and #list / 80 or 0)
    end
end

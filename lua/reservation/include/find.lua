-- find: the hold that a caller means by a name and a release token.
--include <reservation/hold>
local find = {}
do
    -- The name under which it is recorded, and the record. Nothing when nobody holds the name; the record alone missing
    -- when it is held, but not by this token: a resource of several units, or one held along with others.
    function find.held(tenant_key, name, token, is_registered)
        local call = redis.call
        local value = call('GET', tenant_key .. ':k:' .. name)
        if not is_registered or (value and string.sub(value, 30, 65) == token) then return value and name, value end
        local units_key = tenant_key .. ':ph:' .. name
        local slot = call('HGET', units_key, 't' .. token)
        if slot then
            local unit = slot == '-' and name or name .. '_' .. slot
            return unit, call('GET', tenant_key .. ':k:' .. unit)
        end
        if value then return name, value end
        if call('EXISTS', units_key, tenant_key .. ':an:' .. name) > 0 then return name end
    end

    -- What a release by this requester with this token comes to: the word of the reply; for NOT_OWNER, RELINQUISHED
    -- and an expired hold (word NOT_RESERVED) also the name and the fields of the record.
    function find.judge(tenant_key, requester, name, token, now, is_registered)
        local unit, value = find.held(tenant_key, name, token, is_registered)
        if not unit then return 'NOT_RESERVED' end
        if not value then return 'BAD_TOKEN' end
        local fields = {hold.open(value)}
        local word = 'RELINQUISHED'
        if fields[1] + 0 <= now then
            word = 'NOT_RESERVED'
        elseif fields[3] ~= token or fields[4] == derived.SYSTEM then
            return 'BAD_TOKEN'
        elseif fields[4] ~= requester then
            word = 'NOT_OWNER'
        end
        return word, unit, fields
    end
end

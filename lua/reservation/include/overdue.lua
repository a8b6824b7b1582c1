-- overdue: ends the holds of a tenant that are past their time. What cannot be ended because a record is corrupt is set
-- aside for a minute, so that it keeps nothing else from ending. Holds that took much along are left to the next call
-- when this one was long enough.
--include <reservation/hold>
--include <reservation/derived>
local overdue = {}
do
    -- Ends at most `limit` holds whose time is `till_ms` or earlier; events begin at `id`. Returns how many ended, how
    -- many were set aside, whether there may be more, and the next id.
    function overdue.sweep(tenant_key, id, now, till_ms, limit)
        local call, format = redis.call, string.format
        local active_key = tenant_key .. ':act'
        local members = call('ZRANGEBYSCORE', active_key, '-inf', till_ms, 'LIMIT', 0, limit)
        local ended, failed, effort = 0, 0, 0
        for i = 1, #members do
            if effort > derived.EFFORT_MAX then return ended, failed, true, id end
            local name = string.sub(members[i], 2)
            local value = redis.pcall('GET', tenant_key .. ':k:' .. name)
            local used
            if type(value) == 'string' then
                local expires, fence, token, owner, kind, label, extension = hold.open(value, true)
                if expires and expires + 0 <= now then
                    effort = effort + derived.effort(tenant_key, owner, extension)
                    used = hold.free(tenant_key, name, 'X', id, expires, fence, token, owner, kind, label, extension)
                end
            end
            if used then
                id, ended = format('%d', used + 1), ended + 1
            elseif not value then
                -- An index entry without a record holds nothing.
                call('ZREM', active_key, members[i])
                failed = failed + 1
            else
                failed = failed + 1
                call('ZADD', active_key, now + 60000, members[i])
            end
        end
        return ended, failed, #members == limit, id
    end
end

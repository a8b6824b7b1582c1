-- due: the shard's index of tenants with something to expire. Member: kind letter (b budget reservations, l locks) and
-- tenant; score: no later than the earliest deadline of that tenant. A sweep sets the score to the next deadline.
-- note(): O(log tenants), uses pcall and returns the error, if any, so that the caller can undo its earlier writes.
local due = {}
do
    function due.note(prefix, kind, name, at_ms)
        local r = redis.pcall('ZADD', prefix .. 'due', 'LT', at_ms, kind .. name)
        return type(r) == 'table' and r.err or nil
    end

    -- After a sweep: the earliest deadline left in `index`, or no entry at all.
    function due.settle(prefix, kind, name, index)
        local first = redis.call('ZRANGE', index, 0, 0, 'WITHSCORES')
        if first[2] and first[2] ~= 'inf' then
            redis.call('ZADD', prefix .. 'due', first[2], kind .. name)
        else
            redis.call('ZREM', prefix .. 'due', kind .. name)
        end
    end
end

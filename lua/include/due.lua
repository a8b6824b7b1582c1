-- due: the shard's index of tenants with something to expire. Member: kind letter (b budget reservations, l locks, c
-- closing, e leases of event streams) and tenant; score: no later than the earliest deadline of that tenant. What takes
-- a reservation or lock adds its deadline with ZADD LT; a sweep sets the score to the next deadline.
local due = {}
do
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

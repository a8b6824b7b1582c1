-- lanes: what waits to be sent. A lane is a subscription and a tenant, `l<subscription>:<tenant>`: its deliveries are
-- in <prefix>ln:<subscription>:<tenant> in the order of their events, and only the first of them is sent. A delivery to
-- be tried again is a lane of its own, `r<delivery>`, unless the subscription is strictly ordered. All lanes are in
-- <prefix>lanes by the time they are due; a lane that is being sent is due when its lease ends. A lane whose
-- subscription has as many attempts under way as it may have is in <prefix>wt:<subscription>, too: the end of an
-- attempt makes the first of these due, so that many lanes of an endpoint that hangs cost nothing while it hangs.
local lanes = {}
do
    -- Takes a delivery out of its lane; the next of the lane is due at once. `lane` is the lane's name.
    function lanes.leave(prefix, lane, id, now)
        local call, place = redis.call, prefix .. 'lanes'
        if string.sub(lane, 1, 1) == 'r' then
            call('ZREM', place, lane)
            return
        end
        local key = prefix .. 'ln:' .. string.sub(lane, 2)
        call('ZREM', key, id)
        if call('EXISTS', key) == 1 then call('ZADD', place, now, lane) else call('ZREM', place, lane) end
    end

    -- The lane waits for the end of an attempt of its subscription, at most until `at`.
    function lanes.wait(prefix, sub, lane, now, at, keep_ms)
        local key = prefix .. 'wt:' .. sub
        redis.call('ZADD', key, 'NX', now, lane)
        redis.call('PEXPIRE', key, keep_ms)
        redis.call('ZADD', prefix .. 'lanes', at, lane)
    end

    -- An attempt of a subscription is over: the lane that has waited longest is due.
    function lanes.call(prefix, sub, now)
        local key = prefix .. 'wt:' .. sub
        for _ = 1, 4 do
            local lane = redis.call('ZPOPMIN', key)[1]
            if not lane or redis.call('ZADD', prefix .. 'lanes', 'XX', 'CH', now - 1, lane) == 1 then return end
        end
    end

    -- Ends a delivery of a subscription for good: state letter, time and why.
    function lanes.close(prefix, sub, id, letter, now, reason)
        local key, ended = prefix .. 'dv:' .. id, prefix .. 'we:' .. sub
        redis.call('HSET', key, 'state', letter, 'done_ms', now)
        redis.call('HDEL', key, 'lease', 'next_ms')
        if reason then redis.call('HSET', key, 'error', reason) end
        -- Which of the subscription's deliveries may go when there are too many. No delivery fails for this list.
        redis.pcall('ZADD', ended, now, id)
        redis.pcall('PEXPIRE', ended, 1209600000)
        if letter == 'F' then
            local dead = prefix .. 'dead'
            redis.call('ZADD', dead, now, id)
            for _, old in ipairs(redis.call('ZRANGEBYSCORE', dead, '-inf', now - 1209600000, 'LIMIT', 0, 4)) do
                redis.call('ZREM', dead, old)
            end
        end
    end
end

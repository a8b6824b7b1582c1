-- clock: the one source of time, Redis' own wall clock, so that server replicas need not agree.
-- now() returns milliseconds and microseconds since the Unix epoch; both print exactly (13 and 16 digits).
local clock = {}
do
    function clock.now()
        local t = redis.call('TIME')
        local us = t[1] * 1000000 + t[2]
        return math.floor(us / 1000), us
    end
end

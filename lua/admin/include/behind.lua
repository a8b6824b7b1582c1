-- behind: whether budget reservations of a tenant are past their time and not yet swept. What is about to refuse for
-- lack of room, or to show what is reserved, answers BEHIND then; the server expires them and sends the call again
-- with the time its sweep got to: what fell due later is too young to insist on.
local behind = {}
do
    function behind.check(tenant_key, now_ms, caught_up_ms)
        local first = redis.call('ZRANGE', tenant_key .. ':due', 0, 0, 'WITHSCORES')[2]
        if not first or first + 0 >= now_ms then return false end
        return caught_up_ms == '0' or first + 0 < caught_up_ms + 0
    end
end

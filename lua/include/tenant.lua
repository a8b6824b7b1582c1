-- tenant: the status letter and epoch of a tenant (A active, S suspended, C closed; then the epoch number).
-- stale(key, tag) is nil while the caller's cached tag is still true, else the present value ('' when there is no
-- tenant). bump(key) makes every cached tag of this tenant stale, from the next request on.
local tenant = {}
do
    function tenant.stale(key, tag)
        local value = redis.call('GET', key)
        if value == tag then return nil end
        return value or ''
    end

    function tenant.bump(key)
        local value = redis.call('GET', key)
        redis.call('SET', key, string.sub(value, 1, 1) .. string.format('%.0f', string.sub(value, 2) + 1))
    end
end

-- tenant: the status letter and epoch of a tenant (A active, S suspended, C closed; then the epoch number).
-- stale(key, tag) is nil while the caller's cached tag is still true, else the present value ('' when there is no
-- tenant). bump(key, now_us) makes every cached tag of this tenant stale, from the next request on; tag() is the value
-- that follows another. An epoch is a time in us, or one more than the last, so that none comes twice, not even when
-- Redis loses its last second: a server that saw the lost one would believe in it again.
local tenant = {}
do
    function tenant.stale(key, tag)
        local value = redis.call('GET', key)
        if value == tag then return nil end
        return value or ''
    end

    local function tag(letter, last, now_us)
        return letter .. string.format('%.0f', math.max(last + 1, now_us))
    end
    tenant.tag = tag

    function tenant.bump(key, now_us)
        local value = redis.call('GET', key)
        redis.call('SET', key, tag(string.sub(value, 1, 1), string.sub(value, 2), now_us))
    end
end

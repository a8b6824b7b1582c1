-- leases: the live event streams of a tenant, <tenant>:es: stream id by the end of its lease (ms). A server that lives
-- renews them; those of a dead one come to their end, which the shard's due index knows (kind letter e). While there
-- is a lease, the tenant's tag has the mark w.
--include <due>
--include <tenant>
local leases = {}
do
    -- Takes leases away that are over, at most `limit`; how many.
    function leases.sweep(tenant_key, now, limit)
        local over = redis.call('ZRANGEBYSCORE', tenant_key .. ':es', '-inf', string.format('%d', now), 'LIMIT', 0,
            limit)
        if #over > 0 then redis.call('ZREM', tenant_key .. ':es', unpack(over)) end
        return #over
    end

    -- After a change: due index and mark as the leases say that are left. Returns the tenant's tag then.
    function leases.settle(prefix, tenant_key, now_us)
        local leases_key = tenant_key .. ':es'
        due.settle(prefix, 'e', string.sub(tenant_key, #prefix + 3), leases_key)
        return tenant.mark(tenant_key, 'w', redis.call('EXISTS', leases_key) == 1, now_us)
    end

    -- The number of the tenant's last lock event, '0' when there is none.
    function leases.last_event(tenant_key)
        local last = redis.call('XREVRANGE', tenant_key .. ':ev', '+', '-', 'COUNT', 1)[1]
        return last and string.match(last[1], '^%d+') or '0'
    end
end

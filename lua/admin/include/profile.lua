-- profile: what is stored of a tenant beside its status: <tenant>:p. read() gives name (JSON), terms (JSON),
-- created_ms, updated_ms, and suspended_ms and closed_ms, which are empty when it is neither; raises CORRUPT when one
-- of the first four is missing.
local profile = {}
do
    function profile.read(tenant_key)
        local p = redis.call('HMGET', tenant_key .. ':p', 'name', 'terms', 'created_ms', 'updated_ms', 'suspended_ms',
            'closed_ms')
        if not (p[1] and p[2] and p[3] and p[4]) then error({err = 'CORRUPT tenant profile'}) end
        return {p[1], p[2], p[3], p[4], p[5] or '', p[6] or ''}
    end
end

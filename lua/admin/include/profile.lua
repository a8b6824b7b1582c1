-- profile: what is stored of a tenant beside its status: <tenant>:p. read() gives name (JSON), terms (JSON),
-- created_ms, updated_ms, and suspended_ms and closed_ms, which are empty when it is neither; raises CORRUPT when one
-- of the first four is missing. look() is for lists: nil then.
local profile = {}
do
    local function fields(command, tenant_key)
        local p = command('HMGET', tenant_key .. ':p', 'name', 'terms', 'created_ms', 'updated_ms', 'suspended_ms',
            'closed_ms')
        if not (p[1] and p[2] and p[3] and p[4]) then return nil end
        return {p[1], p[2], p[3], p[4], p[5] or '', p[6] or ''}
    end

    function profile.read(tenant_key)
        return fields(redis.call, tenant_key) or error({err = 'CORRUPT tenant profile'})
    end

    function profile.look(tenant_key)
        return fields(redis.pcall, tenant_key)
    end
end

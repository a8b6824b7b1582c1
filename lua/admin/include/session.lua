-- session: a short-lived token's row, the hash <tenant>:s:<id>: row (as of an API key), jwk (the key that its JWT was
-- verified with, as JSON, or empty), key (id of the API key that it was got with, or empty).
local session = {}
do
    -- Whether what a token depends on is still good.
    function session.stands(tenant_key, jwk, key_id, now)
        local call = redis.call
        if string.sub(call('GET', tenant_key) or 'C', 1, 1) == 'C' then return false end
        if jwk ~= '' then
            local keys = call('HGET', tenant_key .. ':p', 'jwt_keys') or ''
            return string.find(keys, jwk, 1, true) ~= nil
        end
        local row = call('HGET', tenant_key .. ':keys', key_id)
        local letter, expires = string.match(row or '', '^%x+%z(%u)%z%d+%z(%d+)%z')
        return letter == 'A' and expires + 0 > now
    end

    -- The row of a token's id; nothing when it is no longer good.
    function session.row(tenant_key, id, now)
        local found = redis.call('HMGET', tenant_key .. ':s:' .. id, 'row', 'jwk', 'key')
        if not (found[1] and session.stands(tenant_key, found[2], found[3], now)) then return end
        if found[2] ~= '' then return found[1] end
        -- Of an API key it can what the key can now.
        local parent = redis.call('HGET', tenant_key .. ':keys', found[3])
        local head = string.match(found[1], '^%x+%z%u%z%d+%z%d+%z')
        return head .. string.match(parent, '^%x+%z%u%z%d+%z%d+%z([^%z]*)')
    end
end

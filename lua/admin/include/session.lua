-- session: a short-lived token's row, the hash <tenant>:s:<id>: row (as of an API key), kid (JSON string of the id of
-- the key that its JWT was verified with, or empty), key (id of the API key that it was got with, or empty).
local session = {}
do
    -- Whether what a token depends on is still good.
    function session.stands(tenant_key, kid, key_id, now)
        local call = redis.call
        if kid ~= '' then
            local keys = call('HGET', tenant_key .. ':p', 'jwt_keys') or ''
            return string.find(keys, '"kid":' .. kid, 1, true) ~= nil
        end
        local row = call('HGET', tenant_key .. ':keys', key_id)
        local letter, expires = string.match(row or '', '^%x+%z(%u)%z%d+%z(%d+)%z')
        return letter == 'A' and expires + 0 > now
    end

    -- The row of a token's id; nothing when it is no longer good.
    function session.row(tenant_key, id, now)
        local found = redis.call('HMGET', tenant_key .. ':s:' .. id, 'row', 'kid', 'key')
        if found[1] and session.stands(tenant_key, found[2], found[3], now) then return found[1] end
    end
end

-- idempotency: a record of an operation that has no record of its own: fingerprint (22 characters) then the result.
-- find() gives nil (first time), false (same key, other payload) or the stored result; keep() writes it with a
-- lifetime.
local idempotency = {}
do
    function idempotency.find(key, fingerprint)
        local stored = redis.call('GET', key)
        if not stored then return nil end
        if string.sub(stored, 1, 22) ~= fingerprint then return false end
        return string.sub(stored, 23)
    end

    function idempotency.keep(key, fingerprint, result, keep_ms)
        redis.call('SET', key, fingerprint .. result, 'PX', keep_ms)
    end
end

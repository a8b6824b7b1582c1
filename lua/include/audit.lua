-- audit: who did what, written with its effect. Body under a:<seq> (400 days): now_ms NUL tenant NUL JSON made by the
-- server; indexed per tenant. Each append drops up to four of the oldest index entries whose body has ended.
--include <sequence>
local audit = {}
do
    local KEEP_MS = 34560000000

    function audit.append(prefix, tenant_key, now_ms, now_us, entry)
        local seq, log = sequence.next(prefix, now_us), tenant_key .. ':al'
        local body = now_ms .. '\0' .. string.sub(tenant_key, #prefix + 3) .. '\0' .. entry
        redis.call('SET', prefix .. 'a:' .. seq, body, 'PX', KEEP_MS)
        redis.call('ZADD', log, seq, seq)
        for _, old in ipairs(redis.call('ZRANGE', log, 0, 3)) do
            local at = tonumber(old)
            if at and at + KEEP_MS * 1000 > now_us then return seq end
            redis.call('ZREM', log, old)
        end
        return seq
    end
end

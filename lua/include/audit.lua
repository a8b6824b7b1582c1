-- audit: who did what, written with its effect. Body under a:<seq> (400 days): now_ms NUL tenant NUL JSON made by the
-- server; indexed per tenant and per shard. Each append drops up to four of the oldest entries of each index whose body
-- has ended.
--include <sequence>
local audit = {}
do
    local KEEP_MS = 34560000000

    local function trim(index, now_us)
        for _, old in ipairs(redis.call('ZRANGE', index, 0, 3)) do
            local at = tonumber(string.match(old, '^%d+'))
            if at and at + KEEP_MS * 1000 > now_us then return end
            redis.call('ZREM', index, old)
        end
    end

    function audit.append(prefix, tenant_key, now_ms, now_us, entry)
        local seq, name = sequence.next(prefix, now_us), string.sub(tenant_key, #prefix + 3)
        redis.call('SET', prefix .. 'a:' .. seq, now_ms .. '\0' .. name .. '\0' .. entry, 'PX', KEEP_MS)
        redis.call('ZADD', tenant_key .. ':al', seq, seq)
        redis.call('ZADD', prefix .. 'al', seq, seq .. ':' .. name)
        trim(tenant_key .. ':al', now_us)
        trim(prefix .. 'al', now_us)
        return seq
    end
end

-- outbox_batch: many events of one type at once, as outbox writes them, for scripts that end many things in a call: one
-- body each, and whatever is an index with one call. At most 1,000 payloads.
--include <outbox>
local outbox_batch = {}
do
    function outbox_batch.append(prefix, tenant_key, now_ms, now_us, kind, context, payloads)
        if #payloads == 0 then return end
        local name = string.sub(tenant_key, #prefix + 3)
        local last = redis.call('GET', prefix .. 'seq')
        if last and last + 0 >= now_us then now_us = last + 1 end
        local head = now_ms .. '\0' .. name .. '\0' .. kind .. '\0' .. context .. '\0'
        local log, all, waiting, n = {}, {}, {}, 0
        local seq
        for i = 1, #payloads do
            seq = string.format('%.0f', now_us + i - 1)
            redis.call('SET', prefix .. 'e:' .. seq, head .. payloads[i], 'PX', outbox.KEEP_MS)
            log[n + 1], all[n + 1], waiting[n + 1] = seq, seq, seq
            n = n + 2
            log[n] = seq .. ':' .. kind
            all[n] = log[n] .. ':' .. name
            waiting[n] = seq .. ':' .. name
        end
        redis.call('SET', prefix .. 'seq', seq)
        redis.call('ZADD', tenant_key .. ':el', unpack(log))
        redis.call('ZADD', prefix .. 'el', unpack(all))
        redis.call('ZADD', prefix .. 'out', unpack(waiting))
        outbox.trim(prefix, tenant_key, name, now_us, #payloads)
    end
end

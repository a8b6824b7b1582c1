-- sequence: one strictly rising number per shard for events and audit rows: microseconds since the epoch, or the last
-- one plus 1 when the clock stands still or stepped back. So order and time share one index. Exact below 2^53 (year
-- 2255).
local sequence = {}
do
    function sequence.next(prefix, now_us)
        local last = redis.call('GET', prefix .. 'seq')
        if last and last + 0 >= now_us then now_us = last + 1 end
        local text = string.format('%.0f', now_us)
        redis.call('SET', prefix .. 'seq', text)
        return text
    end
end

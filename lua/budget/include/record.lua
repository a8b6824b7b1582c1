-- record: the stored budget reservation, which is also its own reply and idempotency record (docs/keyspace.md,
-- `r:<h>`).
--   1      state: A active, C committed, R released, X expired, D dry run
--   2-14   created_ms   15-27 expires_ms (current)   28-32 grace_ms   33-35 extensions used   36-45 directory row
--   46-67  fingerprint of the create request
--   final states: 68-80 finalized_ms   81-102 key hash   103-124 fingerprint of the finalising request
--   then, from 68 (live) or 125 (final), sections divided by NUL: amount; unit, policy and decision letters, ttl (8
--   digits), extensions allowed; tenant; path; ledger snapshot; JSON of key, subject, action, metadata, caps; last,
--   when final: charged, snapshot with effects, JSON of the commit metadata or release reason.
-- A directory row (64 bytes): state 1, finalized_ms 6, expires_ms 6, grace_ms 2, charged 8, created_ms 6, amount 8, h
-- 16, low bits of the path number 4, unit letter 1, its high bits 2, zero 4; integers big-endian. A row's number has 10
-- digits: the first 7 name the string <tenant>:d:<7 digits> that holds it, the last 3 its place there, so a string has
-- 1,000 rows. budget/trim_rows deletes a string only when none of its rows is live.
local record = {}
-- No local of this block is used by two functions: an upvalue costs each call as much as half a closure.
do
    -- For string.gmatch over a snapshot: path lengths of the ledgers that hold the reservation, in canonical order.
    record.LENGTHS = '(%d%d%d) [^;]*;'

    -- amount, unit, policy, extensions allowed, tenant, path, ledger snapshot of a record; nothing when it has another
    -- shape: whoever ends a reservation must know so before the first write.
    function record.parse(rec)
        local _, digits = string.find(rec, '^%u%d+')
        if not digits or digits < 45 then return nil end
        return string.match(rec, '^(%d+)%z(%u)(%u)%u%d%d%d%d%d%d%d%d(%d+)%z(%Z*)%z(%Z*)%z(%d%d%d %Z*;)%z',
            string.byte(rec) == 65 and 68 or 125)
    end

    -- Whether an entry of filter[first ...] names a segment of a path: by its whole text, or by its beginning and `*`
    -- (Principal.mayTouch in Swift). Entries are plain text and never patterns.
    function record.within(path, filter, first)
        local segments = '/' .. path .. '/'
        for i = first, #filter do
            local entry = filter[i]
            if entry ~= '' and not string.find(entry, '/', 1, true) then
                if string.find(segments, '/' .. entry .. '/', 1, true) then return true end
                local start = #entry > 1 and string.sub(entry, -1) == '*' and '/' .. string.sub(entry, 1, -2)
                if start and string.find(segments, start, 1, true) then return true end
            end
        end
        return false
    end

    -- Ends a live reservation: due index, directory row, record with its lifetime (writes in that order; only the first
    -- two can fail, and then nothing is changed and the error text is returned for the caller to undo its own). Returns
    -- the error text or nil, and the final record.
    function record.finish(prefix, tenant_key, h, rec, state, now_ms, final_key, charged_bytes, tail, keep_ms)
        local pcall, sub, type = redis.pcall, string.sub, type
        local expires, grace, due_key = sub(rec, 15, 27), sub(rec, 28, 32), tenant_key .. ':due'
        local r = pcall('ZREM', due_key, h)
        if type(r) == 'table' then return r.err end
        local w = pcall('SETRANGE', tenant_key .. ':d:' .. sub(rec, 36, 42), sub(rec, 43, 45) * 64,
            struct.pack('>c1I6I6I2c8', state, state == 'X' and 0 or now_ms, expires, grace, charged_bytes))
        if type(w) == 'table' then
            if r == 1 then redis.call('ZADD', due_key, expires + grace, h) end
            return w.err
        end
        if final_key == '' then final_key = string.rep('0', 44) end
        local final = state .. sub(rec, 2, 67) .. now_ms .. final_key .. sub(rec, 68) .. tail
        redis.call('PSETEX', prefix .. 'r:' .. h, keep_ms, final)
        if sub(rec, 33, 35) ~= '000' then redis.call('PEXPIRE', prefix .. 'x:' .. h, keep_ms) end
        return nil, final
    end
end

-- key_row: the row of an API key in <tenant>:keys: SHA-256 (64 hex digits), status letter (A active, R revoked),
-- created_ms, expires_ms and JSON, divided by NUL; once revoked, also revoked_ms and the reason as a JSON string, which
-- may be empty. parse() gives status letter, expires_ms and JSON, or nothing for any other shape; revoked() gives the
-- row of an active key, which parse() has read, as it is once revoked.
local key_row = {}
do
    function key_row.parse(row)
        local expires, json = string.match(row, '^%x+%zA%z%d+%z(%d+)%z(%Z+)$')
        if expires then return 'A', expires, json end
        expires, json = string.match(row, '^%x+%zR%z%d+%z(%d+)%z(%Z+)%z%d+%z%Z*$')
        if expires then return 'R', expires, json end
    end

    function key_row.revoked(row, now_ms, reason)
        local hash, rest = string.match(row, '^(%x+%z)A(%z[^%z]+%z[^%z]+%z[^%z]+)$')
        if not hash then error({err = 'CORRUPT API key row'}) end
        return hash .. 'R' .. rest .. '\0' .. now_ms .. '\0' .. reason
    end
end

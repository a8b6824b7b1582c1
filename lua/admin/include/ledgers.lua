-- ledgers: pieces of a tenant's directory of ledgers, with each ledger's text, in the order of path and unit.
--include <budget/ledger>
local ledgers = {}
do
    -- Appends entry (path NUL unit letter) and text of each ledger among the next `room` entries after `after` whose
    -- path begins with `within`, and whose unit is `unit` unless that is empty. What is no entry, or has no ledger, is
    -- corrupt, or has an empty text when `is_tolerant`. Returns how many entries were read and the last of them.
    function ledgers.append(out, tenant_key, order, after, within, unit, room, is_tolerant)
        local entries
        -- No byte of a path or a scope prefix, which is UTF-8, is 255.
        local first, last = '[' .. within, '(' .. within .. '\255'
        if order == 'desc' then
            if after ~= '' then last = '(' .. after end
            entries = redis.call('ZREVRANGEBYLEX', tenant_key .. ':bud', last, first, 'LIMIT', 0, room)
        else
            if after ~= '' then first = '(' .. after end
            entries = redis.call('ZRANGEBYLEX', tenant_key .. ':bud', first, last, 'LIMIT', 0, room)
        end
        local keys, found, n = {}, {}, 0
        for i = 1, #entries do
            local path, letter = string.match(entries[i], '^([^%z]*)%z(%u)$')
            if not (path or is_tolerant) then error({err = 'CORRUPT ledger directory'}) end
            if not path then
                out[#out + 1], out[#out + 2] = entries[i], ''
            elseif unit == '' or unit == letter then
                n = n + 1
                keys[n], found[n] = tenant_key .. ':l:' .. letter .. ':' .. path, entries[i]
            end
        end
        if n > 0 then
            local texts, at = redis.call('MGET', unpack(keys)), #out
            for i = 1, n do
                if not (texts[i] or is_tolerant) then ledger.corrupt(keys[i]) end
                out[at + 2 * i - 1], out[at + 2 * i] = found[i], texts[i] or ''
            end
        end
        return #entries, entries[#entries]
    end
end

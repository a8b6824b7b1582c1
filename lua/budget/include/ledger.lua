-- ledger: reading and judging the ledgers of a budget operation. A ledger is the hash <tenant>:l:<unit letter>:<path>:
-- a allocated, r reserved, s spent, d debt, o overdraft limit (decimal strings, 0 ... 2^63-1) and f flags: '0' for none,
-- else letters of C closed, F frozen, O over limit, then its own overage policy in lower case (r, i or o).
-- remaining = a - r - s - d is never stored. A snapshot lists the ledgers as they were before the operation:
-- "<path length> a r s d o f;" each.
--include <int64>
local ledger = {}
do
    local call, find, concat, byte = redis.call, string.find, table.concat, string.byte
    local EXACT = 9007199254740992

    function ledger.corrupt(key)
        error({err = 'CORRUPT ledger ' .. key})
    end

    -- The ledger's fields and their text "a r s d o f"; nil when there is none; raises CORRUPT when they are not in order.
    function ledger.read(key)
        local v = call('HMGET', key, 'a', 'r', 's', 'd', 'o', 'f')
        if v[1] and v[2] and v[3] and v[4] and v[5] and v[6] then
            local text = concat(v, ' ')
            if find(text, '^%d+ %d+ %d+ %d+ %d+ %w+$') then return v, text end
        elseif not (v[1] or v[2] or v[3] or v[4] or v[5] or v[6]) then
            return nil
        end
        return ledger.corrupt(key)
    end

    -- Judges a reservation of `amount` over the scopes args[first ...], root first (runtime digest 5.4; 1.0 steps 11 to
    -- 15). Returns refusal reason or nil, index of the scope concerned, keys of the ledgers, snapshot entries, flags of
    -- the deepest. One class of refusal is looked for in every scope before the next (decision A24).
    function ledger.assess(tenant_key, unit, amount, args, first)
        local base, wanted = tenant_key .. ':l:' .. unit .. ':', amount + 0
        local keys, entries, n, worst, at, flags = {}, {}, 0, 0, 0, nil
        for i = first, #args do
            local scope = args[i]
            local key = base .. scope
            local v, text = ledger.read(key)
            if v then
                n = n + 1
                keys[n], entries[n] = key, #scope .. ' ' .. text
                local rank = 0
                flags = v[6]
                if flags ~= '0' and byte(flags) < 97 then
                    rank = find(flags, 'C', 1, true) and 5 or find(flags, 'F', 1, true) and 4 or 3
                elseif v[4] ~= '0' then
                    rank = 2
                elseif worst < 1 then
                    local a, r, s = v[1] + 0, v[2] + 0, v[3] + 0
                    if a + r + s + wanted < EXACT then
                        if a - r - s < wanted then rank = 1 end
                    else
                        local big = int64.open()
                        local h, l = big.parse(v[1])
                        h, l = big.sub(h, l, big.parse(v[2]))
                        h, l = big.sub(h, l, big.parse(v[3]))
                        if big.less(h, l, big.parse(amount)) then rank = 1 end
                    end
                end
                if rank > worst then worst, at = rank, i - first end
            end
        end
        if worst > 0 then
            local reason = worst == 1 and 'EXCEEDED' or worst == 2 and 'DEBT' or worst == 3 and 'OVERLIMIT'
                or worst == 4 and 'FROZEN' or 'CLOSED'
            return reason, at, keys, entries, flags
        end
        return n == 0 and 'NOBUDGET' or nil, 0, keys, entries, flags
    end

    -- Where no scope has a ledger in `unit`: the deepest scope with a ledger in another unit, and those unit letters.
    function ledger.other_units(tenant_key, unit, args, first)
        for i = #args, first, -1 do
            local units = ''
            for _, other in ipairs({'U', 'T', 'C', 'R'}) do
                if other ~= unit and call('EXISTS', tenant_key .. ':l:' .. other .. ':' .. args[i]) == 1 then
                    units = units .. other
                end
            end
            if units ~= '' then return i - first, units end
        end
        return nil
    end
end

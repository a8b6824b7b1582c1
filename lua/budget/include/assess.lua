-- assess: judging a reservation over the scopes of its subject. Ledgers are as the include ledger describes them.
--include <int64>
local assess = {}
do
    local call, find, match, sub = redis.call, string.find, string.match, string.sub
    local EXACT, PRINTED = 9007199254740992, 1e14
    local FIELDS = '^(%d+) (%d+) (%d+) (%d+) (%d+) (%u*[0rio])$'

    local function corrupt(key)
        error({err = 'CORRUPT ledger ' .. key})
    end

    -- A ledger in large numbers with `amount` more reserved; nil when remaining is too small, false when out of int64.
    local function reserve_large(v, amount)
        local big = int64.open()
        local a, r, s, d, o, f = match(v, FIELDS)
        if not (big.sound(a) and big.sound(r) and big.sound(s) and big.sound(o)) then return false end
        local rh, rl = big.parse(r)
        local ah, al = big.parse(a)
        local nh, nl = big.parse(amount)
        local h, l = big.sub(ah, al, rh, rl)
        h, l = big.sub(h, l, big.parse(s))
        if big.less(h, l, nh, nl) then return nil end
        return a .. ' ' .. big.text(big.add(rh, rl, nh, nl)) .. ' ' .. s .. ' ' .. d .. ' ' .. o .. ' ' .. f
    end

    -- The flags of a ledger with debt or flags; nil when it is none, or out of int64.
    local function flagged(v)
        local big, a, r, s, d, o, letters = int64.open(), match(v, FIELDS)
        local sound = a and big.sound(a) and big.sound(r) and big.sound(s) and big.sound(d) and big.sound(o)
        return sound and letters or nil
    end

    -- Judges a reservation of `amount` over the scopes args[first ...], root first, whose
    -- lengths are 3 digits each in `lengths` and whose ledgers are at `base` and the scope (runtime digest 5.4; 1.0
    -- steps 11 to 15). One class of refusal is looked for in every scope before the next (decision A24). Returns
    -- refusal reason or nil, index of the scope concerned, keys of the ledgers, their texts with the amount reserved,
    -- snapshot, flags of the deepest.
    function assess.scopes(base, amount, lengths, args, first)
        local wanted, keys, texts, n, snapshot, worst, at, flags = amount + 0, {}, {}, 0, '', 0, 0, nil
        for i = first, #args do
            local key = base .. args[i]
            local v = call('GET', key)
            if v then
                n = n + 1
                keys[n] = key
                snapshot = snapshot .. sub(lengths, 3 * (i - first) + 1, 3 * (i - first) + 3) .. ' ' .. v .. ';'
                local rank = 0
                -- Nearly always: no debt, no flag but perhaps a policy.
                local a, r, s, rest, f = match(v, '^(%d+) (%d+) (%d+)( 0 %d+ ([0rio]))$')
                if a then
                    flags = f
                    local na, nr, ns = a + 0, r + 0, s + 0
                    local sum = nr + wanted
                    if na + ns + sum < EXACT and sum < PRINTED and #rest < 24 then
                        if na - nr - ns < wanted then
                            rank = 1
                        else
                            texts[n] = a .. ' ' .. sum .. ' ' .. s .. rest
                        end
                    else
                        local text = reserve_large(v, amount)
                        if text == false then corrupt(key) end
                        texts[n], rank = text, text and 0 or 1
                    end
                else
                    local letters = flagged(v)
                    if not letters then corrupt(key) end
                    rank = find(letters, 'C', 1, true) and 5 or find(letters, 'F', 1, true) and 4
                        or find(letters, 'O', 1, true) and 3 or 2
                end
                if rank > worst then worst, at = rank, i - first end
            end
        end
        if worst > 0 then
            local reason = worst == 1 and 'EXCEEDED' or worst == 2 and 'DEBT' or worst == 3 and 'OVERLIMIT'
                or worst == 4 and 'FROZEN' or 'CLOSED'
            return reason, at, keys, texts, snapshot, flags
        end
        return n == 0 and 'NOBUDGET' or nil, 0, keys, texts, snapshot, flags
    end

    -- Where no scope has a ledger in `unit`: the deepest scope with a ledger in another unit, and those unit letters.
    function assess.other_units(tenant_key, unit, args, first)
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

-- assess: judging a reservation over the scopes of its subject. Ledgers are as the include ledger describes them.
--include <int64>
local assess = {}
do
    -- The protocol's code of a refusal reason.
    function assess.code(reason)
        local codes = {EXCEEDED = 'BUDGET_EXCEEDED', DEBT = 'DEBT_OUTSTANDING', OVERLIMIT = 'OVERDRAFT_LIMIT_EXCEEDED',
            FROZEN = 'BUDGET_FROZEN', CLOSED = 'BUDGET_CLOSED', NOBUDGET = 'BUDGET_NOT_FOUND'}
        return codes[reason]
    end

    -- A ledger with debt, flags, or large numbers, or none at all: its rank (0 for room enough), its text with `amount`
    -- reserved, and its flags, then no more than a policy letter.
    local function judge(key, v, amount)
        local find, big = string.find, int64.open()
        local a, r, s, d, o, f = string.match(v, '^(%d+) (%d+) (%d+) (%d+) (%d+) ([CFO]*[0rio])$')
        if not (a and big.sound(a) and big.sound(r) and big.sound(s) and big.sound(d) and big.sound(o)) then
            error({err = 'CORRUPT ledger ' .. key})
        end
        if find(f, 'C', 1, true) then return 5 end
        if find(f, 'F', 1, true) then return 4 end
        if find(f, 'O', 1, true) then return 3 end
        if d + 0 > 0 then return 2 end
        local rh, rl = big.parse(r)
        local ah, al = big.parse(a)
        local nh, nl = big.parse(amount)
        local h, l = big.sub(ah, al, rh, rl)
        h, l = big.sub(h, l, big.parse(s))
        if big.less(h, l, nh, nl) then return 1 end
        local held = big.text(big.add(rh, rl, nh, nl))
        return 0, a .. ' ' .. held .. ' ' .. s .. ' ' .. d .. ' ' .. o .. ' ' .. f, f
    end

    -- Judges a reservation of `amount` over the scopes args[first ...], root first, whose
    -- lengths are 3 digits each in `lengths` and whose ledgers are at `base` and the scope (runtime digest 5.4; 1.0
    -- steps 11 to 15). One class of refusal is looked for in every scope before the next (decision A24). Returns
    -- refusal reason or nil, index of the scope concerned, what to write: a list of `n` keys and texts in turn, n,
    -- snapshot, policy letter of the deepest, and whether a scope would be used to `least` of it or more; without
    -- `least`, whether one of the usual shares would be crossed.
    function assess.scopes(base, amount, lengths, args, first, least)
        local call, match, sub, format, EXACT = redis.call, string.match, string.sub, string.format, 9007199254740992
        -- Room for three ledgers and a record, so that the table seldom need grow.
        local writes = {nil, nil, nil, nil, nil, nil, nil, nil}
        local wanted, n, snapshot, worst, at, flags, near = amount + 0, 0, '', 0, 0, nil, false
        for i = first, #args do
            local key = base .. args[i]
            local v = call('GET', key)
            if v then
                snapshot = snapshot .. sub(lengths, 3 * (i - first) + 1, 3 * (i - first) + 3) .. ' ' .. v .. ';'
                local rank, text, policy = 0, nil, nil
                -- Nearly always: no debt, no flag but perhaps a policy.
                local a, r, s, rest, f = match(v, '^(%d+) (%d+) (%d+)( 0 %d+ ([0rio]))$')
                local na, ns, sum = nil, nil, nil
                if a then na, ns, sum = a + 0, s + 0, r + wanted end
                if a and na + ns + sum < EXACT and #rest < 24 then
                    policy = f
                    if na - ns < sum then rank = 1 else text = a .. ' ' .. format('%d', sum) .. ' ' .. s .. rest end
                    local used = ns + sum
                    -- Past the usual shares only what crosses one, or uses the rest up, is worth a closer look.
                    if used >= na * (least or 0.8) and not near then
                        local old = used - wanted
                        near = least ~= nil or old < 0.8 * na or used >= na or (old < 0.95 * na and used >= 0.95 * na)
                    end
                else
                    rank, text, policy = judge(key, v, amount)
                    near = true
                end
                writes[n + 1], writes[n + 2], n, flags = key, text, n + 2, policy
                if rank > worst then worst, at = rank, i - first end
            elseif call('ZSCORE', sub(base, 1, -5) .. 'bud', args[i] .. '\0' .. sub(base, -2, -2)) then
                -- A budget whose ledger is gone must not be taken for no budget.
                error({err = 'CORRUPT ledger ' .. key})
            end
        end
        if worst > 0 then
            local reason = worst == 1 and 'EXCEEDED' or worst == 2 and 'DEBT' or worst == 3 and 'OVERLIMIT'
                or worst == 4 and 'FROZEN' or 'CLOSED'
            return reason, at, writes, n, snapshot, flags, near
        end
        return n == 0 and 'NOBUDGET' or nil, 0, writes, n, snapshot, flags, near
    end

    -- Where no scope has a ledger in `unit`: the deepest scope with a ledger in another unit, and those unit letters.
    function assess.other_units(tenant_key, unit, args, first)
        for i = #args, first, -1 do
            local units = ''
            for _, other in ipairs({'U', 'T', 'C', 'R'}) do
                if other ~= unit and redis.call('EXISTS', tenant_key .. ':l:' .. other .. ':' .. args[i]) == 1 then
                    units = units .. other
                end
            end
            if units ~= '' then return i - first, units end
        end
        return nil
    end
end

-- tell: the events of what reservations and charges do to budgets (runtime digest 9). open() looks at the keys that
-- events write, so that none of them can fail once something is written, and makes the functions, because a closure
-- costs every call of a hot script 0.1 us. Ledgers are their texts, before and after. `telling` is what the server
-- sends along: thresholds in rising order divided by spaces (the defaults when there are none), a letter b when
-- spending is counted per minute, a line feed, and the context of the events.
--include <int64>
--include <outbox>
local tell = {}
do
    function tell.open(prefix, tenant_key, now, now_us, telling)
        local call, format, match, teller = redis.call, string.format, string.match, {}
        local DENIALS_PER_SECOND, FIELDS_MAX, BUDGETS_COUNTED = 10, 1000, 36
        local list, context = match(telling, '^([^\n]*)\n(.*)$')
        context = context or ''
        if not list or not string.find(list, '%d') then list = '0.8 0.95 1' end
        call('ZCARD', tenant_key .. ':el')
        call('ZCARD', prefix .. 'el')
        call('ZCARD', prefix .. 'out')
        local last = call('GET', prefix .. 'seq')
        if last and not string.find(last, '^%d+$') then
            error({err = 'CORRUPT a counter of this operation is no number'})
        end

        local function append(kind, with, ...)
            outbox.append(prefix, tenant_key, now, now_us, kind, with, table.concat({...}, '\0'))
        end

        -- a - r - s - d of the texts of a ledger: a double, exactly 0 only when it is 0, and its text.
        local function remaining(a, r, s, d)
            local big = int64.open()
            local h, l = big.parse(a)
            h, l = big.sub(h, l, big.parse(r))
            h, l = big.sub(h, l, big.parse(s))
            h, l = big.sub(h, l, big.parse(d))
            return h * 1e10 + l, big.text(h, l)
        end
        teller.remaining = remaining

        -- Thresholds that a ledger's use has crossed, once per direction, and whether it was used up, whoever did it.
        -- Of a budget of nothing no part can be used, so it has no thresholds.
        function teller.moved(unit, path, before, after)
            local a, r, s, d = match(before, '^(%d+) (%d+) (%d+) (%d+)')
            local na, nr, ns, nd = match(after, '^(%d+) (%d+) (%d+) (%d+)')
            if not (a and na) then return end
            local old, new = r + s, nr + ns
            local function told(kind, threshold, direction)
                append(kind, context, unit, path, na, nr, ns, nd, threshold, direction)
            end
            for text in string.gmatch(a ~= '0' and na ~= '0' and list or '', '[%d.]+') do
                local t = text + 0
                local was, is = old >= t * a, new >= t * na
                if is and not was then told('budget.threshold_crossed', text, 'r') end
                if was and not is then told('budget.threshold_crossed', text, 'f') end
            end
            if remaining(a, r, s, d) > 0 and remaining(na, nr, ns, nd) <= 0 then told('budget.exhausted', '1', 'r') end
        end

        -- What a settlement beyond its estimate did: `id` of the reservation or charge; the ledgers with their effects.
        function teller.settled(id, unit, path, policy, estimate, actual, ledgers, is_commit)
            local big = int64.open()
            local h, l = big.parse(actual)
            h, l = big.sub(h, l, big.parse(estimate))
            local over, incurred = big.less(0, 0, h, l), '0'
            for i = 1, #ledgers do
                if ledgers[i].effect == 'o' then incurred = big.text(h, l) end
            end
            if over and is_commit then
                append('reservation.commit_overage', context, id, unit, path, estimate, actual, policy, incurred)
            end
            for i = 1, #ledgers do
                local each = ledgers[i]
                local _, _, _, debt, limit, flags = match(each.after, '^(%d+) (%d+) (%d+) (%d+) (%d+) (%u*)')
                if each.effect == 'o' then
                    append('budget.debt_incurred', context, id, unit, each.path, incurred, debt, limit, policy)
                end
                local was = match(each.before, ' (%u*)%w$')
                if string.find(flags, 'O', 1, true) and not string.find(was, 'O', 1, true) then
                    append('budget.over_limit_entered', context, unit, each.path, debt, limit)
                end
                teller.moved(unit, each.path, each.before, each.after)
            end
        end

        -- A refusal: up to ten a second for each scope and reason; the others are counted, and told by the next one or,
        -- when none comes, by tell_denials in the next second.
        function teller.denied(unit, path, code, amount, left, action, subject)
            local key, second = tenant_key .. ':dn', math.floor(now / 1000)
            local field = code .. ':' .. path
            local value = call('HGET', key, field)
            if not value and call('HLEN', key) >= FIELDS_MAX then
                field = code .. ':*'
                value = call('HGET', key, field)
            end
            local at, count, hidden = match(value or '', '^(%d+) (%d+) (%d+)')
            at, count, hidden = (at or 0) + 0, (count or 0) + 0, (hidden or 0) + 0
            local payload = table.concat({unit, path, code, amount, left, action, subject, ''}, '\0')
            if at == second and count >= DENIALS_PER_SECOND then
                if hidden == 0 then
                    local name = string.sub(tenant_key, #prefix + 3)
                    call('ZADD', prefix .. 'due', 'LT', second * 1000 + 1000, 'd' .. name)
                end
                local counts = format('%d %d %d', at, count, hidden + 1)
                call('PEXPIRE', key, 3600000)
                call('HSET', key, field, counts .. '\0' .. context .. '\1' .. payload)
                return
            end
            local with = context
            if hidden > 0 and at ~= second then with = tell.suppressed(context, hidden) end
            append('reservation.denied', with, payload)
            call('HSET', key, field, format('%d %d 0', second, at == second and count + 1 or 1))
            call('PEXPIRE', key, 60000)
        end

        -- Counts what was spent, for tenants that want to hear of anomalies.
        function teller.spent(unit, paths, amount)
            if amount == '0' or not string.find(match(telling, '^[^\n]*'), 'b', 1, true) then return end
            local key = tenant_key .. ':br:' .. format('%d', math.floor(now / 60000))
            local counted = redis.pcall('HLEN', key)
            if type(counted) == 'table' then return end
            for i = 1, #paths do
                local field = paths[i] .. '\0' .. unit
                -- Budgets that are counted already go on to be.
                local is_known = redis.pcall('HEXISTS', key, field) == 1
                if is_known or counted < BUDGETS_COUNTED then
                    redis.pcall('HINCRBY', key, field, amount)
                    if not is_known then counted = counted + 1 end
                end
            end
            redis.pcall('PEXPIRE', key, 172800000)
        end
        return teller
    end

    -- What a server sends along, made of what the tenant's profile says of its subscriptions.
    function tell.listed(tenant_key, context)
        local hooks = redis.pcall('HGET', tenant_key .. ':p', 'hooks')
        local shares = {0.8, 0.95, 1}
        local list = type(hooks) == 'string' and string.match(hooks, '"thresholds":%[([%d.,]+)%]')
        if not list then return '\n' .. context end
        for text in string.gmatch(list, '[%d.]+') do
            local share = text + 0
            if share ~= 0.8 and share ~= 0.95 and share ~= 1 then shares[#shares + 1] = share end
        end
        table.sort(shares)
        for i = 1, #shares do shares[i] = string.format('%.15g', shares[i]) end
        return table.concat(shares, ' ') .. '\n' .. context
    end

    -- A context with the number of events like this one that were not written.
    function tell.suppressed(context, hidden)
        local rest = string.match(context, '^{(.*)$')
        local member = '{"metadata":{"suppressed":' .. string.format('%d', hidden) .. '}'
        return member .. ((rest and rest ~= '}') and ',' .. rest or '}')
    end
end

-- lifecycle: what the changes of a ledger outside of reservations have in common. A ledger is a table of six texts
-- here: allocated, reserved, spent, debt, overdraft limit, flags. Its terms (<tenant>:lt:<unit>:<path>) are created_ms,
-- updated_ms, JSON, and metadata as JSON or empty, divided by NUL. Events are JSON (admin digest 4.3): `place` begins
-- the object with scope and unit, `more` is further members, each with a comma before it.
--include <int64>
--include <outbox>
--include <budget/ledger>
--include <budget/tell>
local lifecycle = {}
do
    local function has(flags, letter) return string.find(flags, letter, 1, true) ~= nil end

    -- The ledger and its text; nil when there is none.
    function lifecycle.read(key)
        local text = redis.call('GET', key)
        if not text then return nil end
        local found, big = {ledger.fields(text)}, int64.open()
        for i = 1, 5 do
            if not (found[i] and big.sound(found[i])) then ledger.corrupt(key) end
        end
        return found, text
    end

    -- allocated - reserved - spent - debt as a pair.
    function lifecycle.remaining(found)
        local big = int64.open()
        local h, l = big.parse(found[1])
        for i = 2, 4 do h, l = big.sub(h, l, big.parse(found[i])) end
        return h, l
    end

    -- Flags of their parts.
    function lifecycle.flags(is_frozen, is_over, policy)
        return (is_frozen and 'F' or '') .. (is_over and 'O' or '') .. policy
    end

    -- Whether the debt of a ledger is over its limit.
    function lifecycle.is_over(found)
        local big = int64.open()
        local h, l = big.parse(found[5])
        return big.less(h, l, big.parse(found[4]))
    end

    -- Terms changed now, with other metadata if there is any.
    function lifecycle.renewed(terms, now_ms, metadata)
        local created, json, old = string.match(terms, '^(%d+)%z%d+%z([^%z]*)%z?([^%z]*)$')
        if not created then error({err = 'CORRUPT ledger terms'}) end
        return created .. '\0' .. now_ms .. '\0' .. json .. '\0' .. (metadata or old)
    end

    -- An amount as JSON has it, without leading zeros.
    local function plain(text) return int64.text(int64.parse(text)) end

    local function state(found)
        local status = has(found[6], 'C') and 'CLOSED' or has(found[6], 'F') and 'FROZEN' or 'ACTIVE'
        return '{"allocated":' .. plain(found[1]) .. ',"remaining":' .. int64.text(lifecycle.remaining(found))
            .. ',"reserved":' .. plain(found[2]) .. ',"spent":' .. plain(found[3]) .. ',"debt":' .. plain(found[4])
            .. ',"overdraft_limit":' .. plain(found[5]) .. ',"status":"' .. status .. '"}'
    end

    -- Appends the event of a change, then budget.over_limit_entered or _exited when the flag changed.
    function lifecycle.tell(prefix, tenant_key, now, now_us, kind, context, place, more, before, after)
        int64.open()
        outbox.append(prefix, tenant_key, now, now_us, kind, context, place .. more .. ',"previous_state":'
            .. state(before) .. ',"new_state":' .. state(after) .. '}')
        local path, unit = string.match(place, '"scope":"([^"]*)","unit":"([^"]*)"')
        local letter = ({USD_MICROCENTS = 'U', TOKENS = 'T', CREDITS = 'C', RISK_POINTS = 'R'})[unit or '']
        if letter then
            local teller = tell.open(prefix, tenant_key, now, now_us, tell.listed(tenant_key, context))
            teller.moved(letter, path, table.concat(before, ' '), table.concat(after, ' '))
        end
        local is_over = has(after[6], 'O')
        if is_over == has(before[6], 'O') then return end
        local debt, limit = plain(after[4]), plain(after[5])
        local data = place .. ',"debt":' .. debt .. ',"overdraft_limit":' .. limit .. ',"is_over_limit":'
            .. tostring(is_over)
        if limit ~= '0' then data = data .. ',"debt_utilization":' .. string.format('%.15g', debt / limit) end
        outbox.append(prefix, tenant_key, now, now_us,
            is_over and 'budget.over_limit_entered' or 'budget.over_limit_exited', context, data .. '}')
    end
end

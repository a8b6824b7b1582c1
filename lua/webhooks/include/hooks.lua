-- hooks: what a tenant's subscriptions ask the scripts of the hot path to look out for. Each one's own asks are JSON
-- in <tenant>:wk (thresholds, burn, resources; written by the server, numbers in their shortest form), and how many ask
-- for the same is counted in <tenant>:wc, so that the cost does not grow with the subscriptions. The union is the field
-- hooks of the profile, and the mark h in the tag says whether events about resources are wanted. change() gives what
-- writing takes if subscription `id` asks for `asks` from now on, nil when that is as it was, or false when the union
-- is too large; write() writes it.
--include <few>
--include <tenant>
local hooks = {}
do
    local THRESHOLDS_MAX, BURNS_MAX = 64, 16

    -- Adds `by` to the count of each thing that is asked for: t and a share, b and a rate, r for resources.
    local function count(change, asks, by)
        local function add(item)
            change.counts[item] = (change.counts[item] or 0) + by
            change.touched[item] = true
        end
        for share in string.gmatch(string.match(asks, '"thresholds":%[([^%]]*)%]') or '', '[^,]+') do
            add('t' .. share)
        end
        for burn in string.gmatch(asks, '{"multiplier":[^,}]+,"window_s":%d+}') do add('b' .. burn) end
        if string.find(asks, '"resources":true', 1, true) then add('r') end
    end

    -- What is counted under a letter, by number.
    local function list(counts, letter, pattern)
        local found, numbers = {}, {}
        for item, n in pairs(counts) do
            if n > 0 and string.sub(item, 1, 1) == letter then
                local text = string.sub(item, 2)
                found[#found + 1] = text
                numbers[text] = string.match(text, pattern) + 0
            end
        end
        table.sort(found, function(a, b)
            if numbers[a] == numbers[b] then return a < b end
            return numbers[a] < numbers[b]
        end)
        return found
    end

    function hooks.change(tenant_key, id, asks)
        local old = redis.call('HGET', tenant_key .. ':wk', id) or ''
        if old == asks then return nil end
        local change = {asks = asks, counts = {}, touched = {}, json = false}
        local fields = few.fields(tenant_key .. ':wc', THRESHOLDS_MAX + BURNS_MAX + 1)
        for i = 1, #fields, 2 do change.counts[fields[i]] = fields[i + 1] + 0 end
        count(change, old, -1)
        count(change, asks, 1)
        local thresholds = list(change.counts, 't', '^.+$')
        local burns = list(change.counts, 'b', '"window_s":(%d+)')
        change.resources = (change.counts.r or 0) > 0
        if #thresholds > THRESHOLDS_MAX or #burns > BURNS_MAX then return false end
        local parts = {}
        if #thresholds > 0 then parts[#parts + 1] = '"thresholds":[' .. table.concat(thresholds, ',') .. ']' end
        if #burns > 0 then parts[#parts + 1] = '"burn":[' .. table.concat(burns, ',') .. ']' end
        if change.resources then parts[#parts + 1] = '"resources":true' end
        if #parts > 0 then change.json = '{' .. table.concat(parts, ',') .. '}' end
        return change
    end

    function hooks.write(tenant_key, id, change, now_us)
        local call = redis.call
        if change.asks == '' then
            call('HDEL', tenant_key .. ':wk', id)
        else
            call('HSET', tenant_key .. ':wk', id, change.asks)
        end
        for item in pairs(change.touched) do
            if change.counts[item] > 0 then
                call('HSET', tenant_key .. ':wc', item, change.counts[item])
            else
                call('HDEL', tenant_key .. ':wc', item)
            end
        end
        if change.json and string.find(change.json, '"burn":', 1, true) then
            -- Every minute from now on what is spent is looked at (budget/burn_rates).
            local prefix, name = string.match(tenant_key, '^(hf:{%x%x}:)t:(.*)$')
            if prefix and name ~= '__system__' then
                redis.call('ZADD', prefix .. 'due', 'LT', math.floor(now_us / 1000) + 60000, 'r' .. name)
            end
        end
        if change.json then
            call('HSET', tenant_key .. ':p', 'hooks', change.json)
        else
            call('HDEL', tenant_key .. ':p', 'hooks')
        end
        -- The one place that marks the tag.
        tenant.mark(tenant_key, 'h', change.resources, now_us)
    end
end

-- hooks: what a tenant's subscriptions ask the scripts of the hot path to look out for. Each one's own asks are JSON
-- in <tenant>:wk (thresholds, burn, resources; written by the server, numbers in their shortest form); their union is
-- the field hooks of the profile, and the mark h in the tag says whether events about resources are wanted. change()
-- gives what writing takes if subscription `id` asks for `asks` from now on, nothing when that is as it was, or false
-- when the union is too large; write() writes it.
--include <few>
--include <tenant>
local hooks = {}
do
    local SUBSCRIPTIONS_MAX, THRESHOLDS_MAX, BURNS_MAX = 1000, 64, 16

    local function sorted(set)
        local list = {}
        for key in pairs(set) do list[#list + 1] = key end
        table.sort(list, function(a, b) return set[a] < set[b] or set[a] == set[b] and a < b end)
        return list
    end

    -- Adds the asks of one subscription to the union.
    local function unite(union, asks)
        if union.seen[asks] then return end
        union.seen[asks] = true
        for share in string.gmatch(string.match(asks, '"thresholds":%[([^%]]*)%]') or '', '[^,]+') do
            union.thresholds[share] = share + 0
        end
        for burn, window in string.gmatch(asks, '({"multiplier":[^,}]+,"window_s":(%d+)})') do
            union.burns[burn] = window + 0
        end
        if string.find(asks, '"resources":true', 1, true) then union.resources = true end
    end

    function hooks.change(tenant_key, id, asks)
        local wk_key = tenant_key .. ':wk'
        local old = redis.call('HGET', wk_key, id) or ''
        if old == asks then return nil end
        local union = {seen = {}, thresholds = {}, burns = {}, resources = false}
        local all = few.fields(wk_key, SUBSCRIPTIONS_MAX)
        for i = 1, #all, 2 do
            if all[i] ~= id then unite(union, all[i + 1]) end
        end
        if asks ~= '' then unite(union, asks) end
        local thresholds, burns = sorted(union.thresholds), sorted(union.burns)
        if #thresholds > THRESHOLDS_MAX or #burns > BURNS_MAX then return false end
        local parts = {}
        if #thresholds > 0 then parts[#parts + 1] = '"thresholds":[' .. table.concat(thresholds, ',') .. ']' end
        if #burns > 0 then parts[#parts + 1] = '"burn":[' .. table.concat(burns, ',') .. ']' end
        if union.resources then parts[#parts + 1] = '"resources":true' end
        return {asks = asks, resources = union.resources, json = #parts > 0 and '{' .. table.concat(parts, ',') .. '}'}
    end

    function hooks.write(tenant_key, id, change, now_us)
        if change.asks == '' then
            redis.call('HDEL', tenant_key .. ':wk', id)
        else
            redis.call('HSET', tenant_key .. ':wk', id, change.asks)
        end
        if change.json then
            redis.call('HSET', tenant_key .. ':p', 'hooks', change.json)
        else
            redis.call('HDEL', tenant_key .. ':p', 'hooks')
        end
        -- The one place that marks the tag.
        tenant.mark(tenant_key, 'h', change.resources, now_us)
    end
end

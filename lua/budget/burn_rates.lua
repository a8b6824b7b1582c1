--[[
budget/burn_rates: compares what a tenant's budgets spent in the last minutes with what they usually spend, for
subscriptions that ask for it.

The current rate is that of the last whole minutes of a window, at most an hour; the usual one is that of the twelve
windows before it, at most four hours in all, from the first minute on in which the tenant spent anything, and at
least one window long. Each budget is told of once in a window. Of several rates that are asked for the three shortest
windows count, of a tenant's budgets the 40 that spent first in a minute.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  none
REPLIES
  EXPIRED count failed more now   events written; always 0; always 0; time in ms
EVENTS
  budget.burn_rate_anomaly
COMPLEXITY
  O(minutes of all windows * budgets that spent), at most 240 minutes and 40 budgets each
]]
--include <clock>
--include <guard>
--include <few>
--include <outbox>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call, format = redis.call, string.format
local MINUTES_MAX, BUDGETS_MAX, TOLD_MAX, RATES_MAX = 240, 40, 50, 3
local UNITS = {U = 'USD_MICROCENTS', T = 'TOKENS', C = 'CREDITS', R = 'RISK_POINTS'}
local name, told_key = string.sub(tenant_key, #prefix + 3), tenant_key .. ':ba'
guard.types({prefix .. 'due', 'zset', told_key, 'hash', prefix .. 'seq', 'counter', prefix .. 'out', 'zset',
    tenant_key .. ':el', 'zset', prefix .. 'el', 'zset'})
local now, now_us = clock.now()
local minute = math.floor(now / 60000)
local asks = call('HGET', tenant_key .. ':p', 'hooks') or ''
local burns = {}
for multiplier, window in string.gmatch(asks, '{"multiplier":([%d.]+),"window_s":(%d+)}') do
    if #burns == RATES_MAX then break end
    burns[#burns + 1] = {text = multiplier .. ' ' .. window, asked = multiplier, multiplier = multiplier + 0,
        window = window + 0}
end
if #burns == 0 then
    call('ZREM', prefix .. 'due', 'r' .. name)
    return {'EXPIRED', 0, 0, 0, now}
end

-- Sums per budget of the minutes from `first` to `last`, and how many minutes ago, seen from `last`, counting began.
local minutes = {}
local function spent(first, last)
    local sums, known = {}, 0
    for m = first, last do
        if not minutes[m] then minutes[m] = few.fields(tenant_key .. ':br:' .. format('%d', m), BUDGETS_MAX) end
        local found = minutes[m]
        if #found > 0 and known == 0 then known = last - m + 1 end
        for i = 1, #found, 2 do sums[found[i]] = (sums[found[i]] or 0) + found[i + 1] end
    end
    return sums, known
end

local told = 0
for _, burn in ipairs(burns) do
    local width = math.min(math.max(1, math.floor(burn.window / 60)), 60)
    local before = math.min(12 * width, MINUTES_MAX - width)
    local current = spent(minute - width, minute - 1)
    local usual, known = spent(minute - width - before, minute - width - 1)
    for budget, sum in pairs(current) do
        local path, unit = string.match(budget, '^([^%z]*)%z(%u)$')
        local rate, baseline = sum / width, known >= width and (usual[budget] or 0) / known or 0
        local field = budget .. '\0' .. burn.text
        local last = (call('HGET', told_key, field) or '0') + 0
        if path and UNITS[unit] and told < TOLD_MAX and baseline > 0 and rate > burn.multiplier * baseline
            and minute - last >= width then
            local data = '{"scope":"' .. path .. '","unit":"' .. UNITS[unit] .. '","current_rate":' ..
                format('%.15g', rate) .. ',"baseline_rate":' .. format('%.15g', baseline) .. ',"multiplier":' ..
                format('%.15g', rate / baseline) .. ',"window_seconds":' .. format('%d', width * 60)
            local text = redis.pcall('GET', tenant_key .. ':l:' .. unit .. ':' .. path)
            local a, r, s, d = string.match(type(text) == 'string' and text or '', '^(%d+) (%d+) (%d+) (%d+)')
            local left = a and a - r - s - d
            if left and left > 0 then
                data = data .. ',"projected_exhaustion_minutes":' .. format('%.15g', left / rate)
            end
            outbox.append(prefix, tenant_key, now, now_us, 'budget.burn_rate_anomaly',
                '{"source":"anomaly-detector","actor":{"type":"scheduler"},"metadata":{"asked_multiplier":'
                    .. burn.asked .. '}}', data .. '}')
            call('HSET', told_key, field, minute)
            call('PEXPIRE', told_key, 172800000)
            told = told + 1
        end
    end
end
call('ZADD', prefix .. 'due', (minute + 1) * 60000 + 1000, 'r' .. name)
return {'EXPIRED', told, 0, 0, now}

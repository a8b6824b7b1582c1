--[[
admin/webhook_facts: counts the subscriptions of a shard by status, a bounded number in one call, and gives those that
fail most.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
ARGV
  1 rank        how many to leave out: those of the calls before
REPLIES
  FACTS more read total active disabled failing rows..   more is 1 when there may be others; entries looked at, those
                        with a subscription, of these the ones in two of the states and the ones that failed last; per
                        row, at most 10, those that failed most often first: id, failures in a row, time of the last
                        one in ms or empty, and document
EVENTS
  none
COMPLEXITY
  O(log subscriptions), at most 500 subscriptions a call; 2 calls a subscription
]]
local ROOM, SHOWN = 500, 10
local prefix, rank = KEYS[1], ARGV[1] + 0
local pcall = redis.pcall
local entries = redis.call('ZRANGE', prefix .. 'whl', rank, rank + ROOM - 1)
local counts, total, failing = {}, 0, {}
for i = 1, #entries do
    local id, owner = string.match(entries[i], '^([^:]*):([^:]*)$')
    local tenant_key = string.format('%st:%s', prefix, owner or '')
    local row = id and pcall('HGET', tenant_key .. ':wh', id)
    if type(row) == 'string' then
        local letter = string.sub(row, 1, 1)
        total, counts[letter] = total + 1, (counts[letter] or 0) + 1
        local failures = pcall('HGET', tenant_key .. ':wf:' .. id, 'failures')
        failures = type(failures) == 'string' and tonumber(failures) or 0
        if failures > 0 then failing[#failing + 1] = {id, failures, tenant_key, row} end
    end
end
table.sort(failing, function(a, b)
    if a[2] ~= b[2] then return a[2] > b[2] end
    return a[1] < b[1]
end)
local out = {'FACTS', #entries == ROOM and 1 or 0, #entries, total, counts.A or 0, counts.D or 0, #failing}
for i = 1, math.min(SHOWN, #failing) do
    local id, failures, tenant_key, row = unpack(failing[i])
    local at = pcall('HGET', tenant_key .. ':wf:' .. id, 'failure_ms')
    local document = string.match(row, '^%u%z%d*%z%d*%z[^%z]*%z(.*)$')
    out[#out + 1], out[#out + 2] = id, string.format('%.0f', failures)
    out[#out + 1], out[#out + 2] = type(at) == 'string' and at or '', document or ''
end
return out

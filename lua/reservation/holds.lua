--[[
reservation/holds: a page of a tenant's reservations, by when they end.

A page begins after the place where the last one ended, be its entry still there or not.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 score       of the last entry of the page before, empty for the first page
  3 member      that entry
  4 limit       entries of the page, 1 to 500
REPLIES
  STALE value           the tenant's present status and epoch
  HOLDS score member words..  where the next page begins, both empty when this was the last; then per reservation its
                        name and its record, empty when it is not even a text
EVENTS
  none
COMPLEXITY
  O(limit + log holds)
]]
--include <clock>
--include <tenant>

local tenant_key, score, member, limit = KEYS[2], ARGV[2], ARGV[3], ARGV[4] + 0
local call = redis.call
local stale = tenant.stale(tenant_key, ARGV[1])
if stale then return {'STALE', stale} end
local now = clock.now()
local active_key = tenant_key .. ':act'

-- The rank of the first entry after a place: entries of one score are in order of their bytes.
local function rank_after()
    if score == '' then return call('ZCOUNT', active_key, '-inf', now) end
    local from, till = call('ZCOUNT', active_key, '-inf', '(' .. score), call('ZCOUNT', active_key, '-inf', score)
    while from < till do
        local middle = math.floor((from + till) / 2)
        if call('ZRANGE', active_key, middle, middle)[1] <= member then from = middle + 1 else till = middle end
    end
    return from
end

local first = rank_after()
local found = call('ZRANGE', active_key, first, first + limit - 1, 'WITHSCORES')
local is_last = #found < 2 * limit
local out = {'HOLDS', is_last and '' or found[#found], is_last and '' or found[#found - 1]}
for i = 1, #found, 2 do
    local name = string.sub(found[i], 2)
    -- A record that cannot be read is shown, and keeps no other from being shown.
    local value = redis.pcall('GET', tenant_key .. ':k:' .. name)
    local text = type(value) == 'string' and value or ''
    local till = tonumber(string.match(text, '^%d%d%d%d%d%d%d%d%d%d%d%d%d'))
    if value and not (till and till <= now) then
        out[#out + 1] = name
        out[#out + 1] = text
    end
end
return out

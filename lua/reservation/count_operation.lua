--[[
reservation/count_operation: counts one operation of a tenant that has a quota of them.

retry: never
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag             the caller's cached value of KEYS[2]
  2 minute_limit    operations a minute, or empty
  3 day_limit       operations a day (of UTC), or empty
REPLIES
  STALE value       the tenant's present status and epoch
  COUNTED           within both
  OVER which limit wait_s   M a minute or D a day; the limit; seconds until it begins anew, 1 or more
EVENTS
  none
COMPLEXITY
  O(1)
]]
--include <tenant>

local tenant_key = KEYS[2]
local call = redis.call
local stale = tenant.stale(tenant_key, ARGV[1])
if stale then return {'STALE', stale} end
local seconds = call('TIME')[1] + 0

-- Counts in a span of so many seconds; whether that is beyond the limit. What is refused is not counted further.
local function count(family, length, limit)
    if limit == '' then return nil end
    local key = family .. string.format('%d', math.floor(seconds / length))
    if (call('GET', key) or '0') + 0 >= limit + 0 then return {limit, length - seconds % length} end
    return nil, key
end

local over, minute_key = count(tenant_key .. ':om:', 60, ARGV[2])
if over then return {'OVER', 'M', over[1], over[2]} end
local over_day, day_key = count(tenant_key .. ':od:', 86400, ARGV[3])
if over_day then return {'OVER', 'D', over_day[1], over_day[2]} end
if minute_key then
    call('INCR', minute_key)
    call('EXPIRE', minute_key, 120)
end
if day_key then
    call('INCR', day_key)
    call('EXPIRE', day_key, 172800)
end
return {'COUNTED'}

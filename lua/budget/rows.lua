--[[
budget/rows: rows of a tenant's reservation directory, as they are stored, for a list to filter and sort.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2], or empty not to look
  2 order       asc or desc
  3 from        number of the row to begin with; empty for the first, or the last
  4 count       rows wanted, 1 to 1000
REPLIES
  STALE value           the tenant's present status and epoch
  ROWS now first more rows   now in ms; the lowest number of those read; 1 when there are rows beyond; 64 bytes a row,
                        by rising number
EVENTS
  none
COMPLEXITY
  O(count); 5 calls
]]
--include <clock>

local tenant_key = KEYS[2]
local call = redis.call
if ARGV[1] ~= '' then
    local status = call('GET', tenant_key)
    if status ~= ARGV[1] then return {'STALE', status or ''} end
end
local total, count, low, high = (call('GET', tenant_key .. ':n') or '0') + 0, ARGV[4] + 0, nil, nil
if ARGV[2] == 'asc' then
    low = ARGV[3] == '' and 0 or ARGV[3] + 0
    high = math.min(low + count, total) - 1
else
    high = math.min(ARGV[3] == '' and total or ARGV[3] + 1, total) - 1
    low = math.max(0, high - count + 1)
end
local now, rows = clock.now(), ''
if high < low then return {'ROWS', now, 0, 0, ''} end
local at = low
repeat
    local chunk = math.floor(at / 1000)
    local last = math.min(high, chunk * 1000 + 999)
    local key = tenant_key .. ':d:' .. string.format('%07d', chunk)
    local part = call('GETRANGE', key, (at % 1000) * 64, (last % 1000) * 64 + 63)
    if #part ~= (last - at + 1) * 64 then error({err = 'CORRUPT directory ' .. key}) end
    rows, at = rows .. part, last + 1
until at > high
return {'ROWS', now, low, (ARGV[2] == 'asc' and high + 1 < total or ARGV[2] ~= 'asc' and low > 0) and 1 or 0, rows}

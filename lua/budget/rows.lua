--[[
budget/rows: rows of a tenant's reservation directory, as they are stored, for a list to filter and sort. Strings of
rows that were deleted are passed over; of those set aside among them (budget/trim_rows) a call reads one at most.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2], or empty not to look
  2 order       asc or desc
  3 from        number of the row to begin with, there or not; empty for the first, or the last
  4 count       rows wanted, 1 to 1000
REPLIES
  STALE value           the tenant's present status and epoch
  ROWS now first more rows   now in ms; the lowest number of those read; 1 when there are rows beyond; 64 bytes a row,
                        by rising number
EVENTS
  none
COMPLEXITY
  O(count + log strings set aside); up to 8 calls
]]
--include <clock>

local tenant_key, order, from = KEYS[2], ARGV[2], ARGV[3]
local call = redis.call
if ARGV[1] ~= '' then
    local status = call('GET', tenant_key)
    if status ~= ARGV[1] then return {'STALE', status or ''} end
end
local total, count = (call('GET', tenant_key .. ':n') or '0') + 0, ARGV[4] + 0
-- Strings before this row were deleted, but for a few set aside (budget/trim_rows).
local whole = (call('GET', tenant_key .. ':d0') or '0') * 1000

-- The nearest string set aside at a row or beyond it.
local function aside(command, row, limit)
    if whole == 0 then return nil end
    local found = call(command, tenant_key .. ':dk', math.floor(row / 1000), limit, 'LIMIT', 0, 1)[1]
    return found and string.sub(found, 1, 7) * 1000
end

local low, high, more = nil, nil, nil
if order == 'asc' then
    low = from == '' and 0 or from + 0
    high = total - 1
    if low < whole then
        local kept = aside('ZRANGEBYSCORE', low, '+inf')
        if kept then low, high = math.max(low, kept), kept + 999 else low = whole end
    end
    high = math.min(low + count - 1, high)
    more = high + 1 < total and (whole < total or aside('ZRANGEBYSCORE', high + 1, '+inf'))
else
    low = whole
    high = math.min(from == '' and total or from + 1, total) - 1
    if high < whole then
        low = aside('ZREVRANGEBYSCORE', high, '-inf')
        if low then high = math.min(high, low + 999) else low, high = 0, -1 end
    end
    low = math.max(low, high - count + 1)
    more = low > whole or low > 0 and aside('ZREVRANGEBYSCORE', low - 1, '-inf')
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
return {'ROWS', now, low, more and 1 or 0, rows}

--[[
budget/balances: one page of a tenant's ledgers in (path, unit) order whose path contains every filter segment.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 after       last directory entry seen (path NUL unit letter), or empty
  3 limit       rows wanted, 1 to 201
  4 caught_up_ms where the caller's last sweep got to (now of budget/expire), 13 digits; 0 without one
  5.. segments  level:value, every one of which must be a whole segment of the path
REPLIES
  STALE value          the tenant's present status and epoch
  BEHIND               reservations of this tenant wait to be expired, due before caught_up_ms
  ROWS more last rows..  more is 1 when the scan stopped early; last entry scanned; per row path, unit, a r s d o f
EVENTS
  none
COMPLEXITY
  O(log ledgers + entries scanned), at most 1000 entries a call; 1 GET a row
]]
--include <clock>
--include <tenant>
--include <int64>
--include <budget/ledger>

local tenant_key = KEYS[2]
local call = redis.call
local stale = tenant.stale(tenant_key, ARGV[1])
if stale then return {'STALE', stale} end

local now, first = clock.now(), call('ZRANGE', tenant_key .. ':due', 0, 0, 'WITHSCORES')[2]
if first and first + 0 < now and (ARGV[4] == '0' or first + 0 < ARGV[4] + 0) then return {'BEHIND'} end

local SCAN, big = 1000, int64.open()
local after, limit = ARGV[2], ARGV[3] + 0
local entries = call('ZRANGEBYLEX', tenant_key .. ':bud', after == '' and '-' or '(' .. after, '+', 'LIMIT', 0, SCAN)
local out, rows, last, more = {'ROWS', 0, ''}, 0, after, (#entries == SCAN) and 1 or 0
for i = 1, #entries do
    local entry = entries[i]
    local path, unit = string.match(entry, '^([^%z]*)%z(%u)$')
    if not path then error({err = 'CORRUPT ledger directory'}) end
    local matches = true
    for f = 5, #ARGV do
        if not string.find('/' .. path .. '/', '/' .. ARGV[f] .. '/', 1, true) then matches = false break end
    end
    if matches then
        if rows == limit then more = 1 break end
        local key = tenant_key .. ':l:' .. unit .. ':' .. path
        local v = call('GET', key)
        local a, r, s, d, o, f
        if v then a, r, s, d, o, f = ledger.fields(v) end
        if not (a and big.sound(a) and big.sound(r) and big.sound(s) and big.sound(d) and big.sound(o)) then
            ledger.corrupt(key)
        end
        rows = rows + 1
        local n = #out
        out[n + 1], out[n + 2] = path, unit
        out[n + 3], out[n + 4], out[n + 5], out[n + 6], out[n + 7], out[n + 8] = a, r, s, d, o, f
    end
    last = entry
end
out[2], out[3] = more, last
return out

--[[
admin/scan_budgets: the next ledgers of a tenant in the order of path and unit, for a list to filter and sort.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2], or empty not to look
  2 order       asc or desc
  3 after       last directory entry seen (path NUL unit letter), or empty
  4 within      what paths must begin with
  5 unit        unit letter, or empty for all
  6 room        directory entries to read, 1 to 1000
  7 caught_up_ms where the caller's last sweep got to (now of budget/expire), 13 digits; 0 without one
REPLIES
  STALE value                the tenant's present status and epoch
  BEHIND                     reservations of this tenant wait to be expired, due before caught_up_ms
  ROWS more read last rows..  more is 1 when there may be more; entries read and the last of them; per row path NUL unit
                             letter, and the ledger's text
EVENTS
  none
COMPLEXITY
  O(log ledgers + room); 5 calls, one of them an MGET of all the rows
]]
--include <clock>
--include <admin/behind>
--include <admin/ledgers>

local tenant_key, room = KEYS[2], ARGV[6] + 0
if ARGV[1] ~= '' then
    local status = redis.call('GET', tenant_key)
    if status ~= ARGV[1] then return {'STALE', status or ''} end
end
if behind.check(tenant_key, clock.now(), ARGV[7]) then return {'BEHIND'} end
local out = {'ROWS', 0, 0, ''}
local read, last = ledgers.append(out, tenant_key, ARGV[2], ARGV[3], ARGV[4], ARGV[5], room)
out[2], out[3], out[4] = read == room and 1 or 0, read, last or ''
return out

--[[
admin/lookup_budget: one ledger of a tenant by scope and unit.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2], or empty for the admin key
  2 path        the scope
  3 unit        unit letter
  4 caught_up_ms where the caller's last sweep got to (now of budget/expire), 13 digits; 0 without one
REPLIES
  STALE value          the tenant's present status and epoch
  BEHIND               reservations of this tenant wait to be expired, due before caught_up_ms
  FOUND ledger terms   the ledger's text and its terms
  NO_BUDGET            this scope has no ledger in this unit
EVENTS
  none
COMPLEXITY
  O(1); 5 calls
]]
--include <clock>
--include <admin/behind>

local tenant_key, path, unit = KEYS[2], ARGV[2], ARGV[3]
local call = redis.call
local status = call('GET', tenant_key)
if ARGV[1] ~= '' and ARGV[1] ~= status then return {'STALE', status or ''} end
local ledger = call('GET', tenant_key .. ':l:' .. unit .. ':' .. path)
if not (status and ledger) then return {'NO_BUDGET'} end
if behind.check(tenant_key, clock.now(), ARGV[4]) then return {'BEHIND'} end
local terms = call('GET', tenant_key .. ':lt:' .. unit .. ':' .. path)
if not terms then error({err = 'CORRUPT ledger terms'}) end
return {'FOUND', ledger, terms}

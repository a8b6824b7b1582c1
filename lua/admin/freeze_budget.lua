--[[
admin/freeze_budget: freezes a ledger, or makes a frozen one active again.

retry: never
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 path        the scope
  2 unit        unit letter
  3 status      F to freeze, A to make active
  4 entry       JSON of the audit entry
  5 context     JSON of request and trace ids for the event
  6 place       beginning of the event's JSON: scope and unit
  7 more        further members of the event: ledger id, operation, reason
REPLIES
  CHANGED ledger terms   the ledger and its terms as they are now
  ALREADY                it is what it shall become
  CLOSED what            TENANT or BUDGET
  NO_BUDGET              this scope has no ledger in this unit
EVENTS
  budget.frozen or budget.unfrozen
COMPLEXITY
  O(log events); about 30 calls
]]
--include <clock>
--include <guard>
--include <audit>
--include <admin/lifecycle>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
local path, unit, freezes = ARGV[1], ARGV[2], ARGV[3] == 'F'
local status = call('GET', tenant_key)
local ledger_key = tenant_key .. ':l:' .. unit .. ':' .. path
local terms_key = tenant_key .. ':lt:' .. unit .. ':' .. path
local before = lifecycle.read(ledger_key)
if not (status and before) then return {'NO_BUDGET'} end
if string.sub(status, 1, 1) == 'C' then return {'CLOSED', 'TENANT'} end
local letters = before[6]
if string.find(letters, 'C', 1, true) then return {'CLOSED', 'BUDGET'} end
if (string.find(letters, 'F', 1, true) ~= nil) == freezes then return {'ALREADY'} end
guard.types({terms_key, 'string'})
guard.journal(prefix, tenant_key)
local now, now_us = clock.now()
local terms = lifecycle.renewed(call('GET', terms_key) or '', now)
local flags = lifecycle.flags(freezes, string.find(letters, 'O', 1, true), string.sub(letters, -1))
local after = {before[1], before[2], before[3], before[4], before[5], flags}
local fresh = table.concat(after, ' ')
call('SET', ledger_key, fresh)
call('SET', terms_key, terms)
audit.append(prefix, tenant_key, now, now_us, ARGV[4])
lifecycle.tell(prefix, tenant_key, now, now_us, freezes and 'budget.frozen' or 'budget.unfrozen', ARGV[5], ARGV[6],
    ARGV[7], before, after)
return {'CHANGED', fresh, terms}

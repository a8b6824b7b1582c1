--[[
admin/update_budget: another overdraft limit, overage policy or metadata of a ledger, frozen or not. With a limit the
over-limit flag is set anew: debt > limit. What changes nothing leaves no trace.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 path        the scope
  2 unit        unit letter
  3 limit       decimal int64 >= 0, or empty to leave it
  4 policy      r, i or o, or empty to leave it
  5 metadata    JSON, or empty to leave it
  6 entry       JSON of the audit entry
  7 context     JSON of request and trace ids for the event
  8 place       beginning of the events' JSON: scope and unit
  9 more        further members of the event: ledger id, operation
REPLIES
  UPDATED ledger terms was_over   the ledger and its terms as they are now, and 1 when it was over its limit before
  CLOSED what                     TENANT or BUDGET
  NO_BUDGET                       this scope has no ledger in this unit
EVENTS
  budget.updated
  budget.over_limit_entered or budget.over_limit_exited, when the flag changes
COMPLEXITY
  O(log events); about 35 calls
]]
--include <clock>
--include <guard>
--include <audit>
--include <admin/lifecycle>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
local path, unit = ARGV[1], ARGV[2]
local status = call('GET', tenant_key)
local ledger_key = tenant_key .. ':l:' .. unit .. ':' .. path
local terms_key = tenant_key .. ':lt:' .. unit .. ':' .. path
local before, text = lifecycle.read(ledger_key)
if not (status and before) then return {'NO_BUDGET'} end
if string.sub(status, 1, 1) == 'C' then return {'CLOSED', 'TENANT'} end
if string.find(before[6], 'C', 1, true) then return {'CLOSED', 'BUDGET'} end
guard.types({terms_key, 'string'})
guard.journal(prefix, tenant_key)
local was_over = string.find(before[6], 'O', 1, true) ~= nil
local is_over, policy = was_over, string.sub(before[6], -1)
local after = {before[1], before[2], before[3], before[4], before[5], ''}
if ARGV[3] ~= '' then
    after[5] = ARGV[3]
    is_over = lifecycle.is_over(after)
end
if ARGV[4] ~= '' then policy = ARGV[4] end
after[6] = lifecycle.flags(string.find(before[6], 'F', 1, true), is_over, policy)
local now, now_us = clock.now()
local old_terms = call('GET', terms_key) or ''
local terms = lifecycle.renewed(old_terms, now, ARGV[5] ~= '' and ARGV[5] or nil)
local fresh = table.concat(after, ' ')
local function tail(stored) return string.match(stored, '^%d+%z%d+%z(.*)$') end
if fresh == text and (ARGV[5] == '' or tail(terms) == tail(old_terms)) then
    return {'UPDATED', text, old_terms, was_over and 1 or 0}
end
call('SET', ledger_key, fresh)
call('SET', terms_key, terms)
audit.append(prefix, tenant_key, now, now_us, ARGV[6])
lifecycle.tell(prefix, tenant_key, now, now_us, 'budget.updated', ARGV[7], ARGV[8], ARGV[9], before, after)
return {'UPDATED', fresh, terms, was_over and 1 or 0}

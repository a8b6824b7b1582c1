--[[
admin/create_budget: a new ledger for one scope and unit of a tenant.

retry: never
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2], or empty for the admin key
  2 path        the scope
  3 unit        unit letter
  4 allocated   decimal int64 >= 0
  5 limit       overdraft limit, decimal int64 >= 0
  6 policy      its own overage policy: r, i, o, or 0 for none
  7 terms       JSON of ledger id, rollover and period, NUL, metadata as JSON or empty
  8 entry       JSON of the audit entry
  9 context     JSON of request and trace ids for the event
  10 payload    JSON of the event's data
REPLIES
  STALE value          the tenant's present status and epoch
  CREATED created_ms   done
  DUPLICATE            this scope has a ledger in this unit
  NO_TENANT            there is no such tenant
  INACTIVE status      the tenant's status letter is not A
EVENTS
  budget.created
COMPLEXITY
  O(log ledgers of the tenant); about 25 calls
]]
--include <clock>
--include <guard>
--include <audit>
--include <outbox>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
local status = call('GET', tenant_key)
if ARGV[1] ~= '' and ARGV[1] ~= status then return {'STALE', status or ''} end
if not status then return {'NO_TENANT'} end
if string.sub(status, 1, 1) ~= 'A' then return {'INACTIVE', string.sub(status, 1, 1)} end
local path, unit = ARGV[2], ARGV[3]
local ledger_key = tenant_key .. ':l:' .. unit .. ':' .. path
local terms_key = tenant_key .. ':lt:' .. unit .. ':' .. path
guard.types({ledger_key, 'string', terms_key, 'string', tenant_key .. ':bud', 'zset'})
guard.journal(prefix, tenant_key)
if call('EXISTS', ledger_key) == 1 then return {'DUPLICATE'} end
local now, now_us = clock.now()
call('SET', ledger_key, ARGV[4] .. ' 0 0 0 ' .. ARGV[5] .. ' ' .. ARGV[6])
call('SET', terms_key, now .. '\0' .. now .. '\0' .. ARGV[7])
call('ZADD', tenant_key .. ':bud', 0, path .. '\0' .. unit)
audit.append(prefix, tenant_key, now, now_us, ARGV[8])
outbox.append(prefix, tenant_key, now, now_us, 'budget.created', ARGV[9], ARGV[10])
return {'CREATED', now .. ''}

--[[
admin/update_policy: new terms of a policy, in force from the next request on, unless somebody changed it meanwhile.
What changes nothing leaves no trace.

retry: keyed
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2], or empty for the admin key
  2 policy_id   the policy's id
  3 row         the row that the new terms were made from
  4 name        JSON string; no two policies of a tenant have the same
  5 document    JSON of all of the policy's terms
  6 entry       JSON of the audit entry
  7 context     JSON of request and trace ids for the event
  8 payload     JSON of the event's data
REPLIES
  STALE value          the tenant's present status and epoch
  UPDATED updated_ms   done, found done, or nothing to do
  CHANGED row          the policy is another by now
  NOT_FOUND            the tenant has no such policy
  DUPLICATE            another policy of the tenant has this name
  CLOSED               the tenant is closed
EVENTS
  policy.updated
COMPLEXITY
  O(policies of the tenant); about 30 calls
]]
--include <clock>
--include <guard>
--include <tenant>
--include <audit>
--include <outbox>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
local policies_key, id, fresh = tenant_key .. ':pol', ARGV[2], ARGV[4] .. '\0' .. ARGV[5]
local status = call('GET', tenant_key)
local row = call('HGET', policies_key, id)
if row and row ~= ARGV[3] then
    -- The very terms this call brings: it was sent before.
    local updated, rest = string.match(row, '^%d+%z(%d+)%z(.*)$')
    if rest == fresh then return {'UPDATED', updated} end
end
if ARGV[1] ~= '' and ARGV[1] ~= status then return {'STALE', status or ''} end
if not row then return {'NOT_FOUND'} end
if row ~= ARGV[3] then return {'CHANGED', row} end
if string.sub(status or 'C', 1, 1) == 'C' then return {'CLOSED'} end
local unchanged, old = string.match(row, '^%d+%z(%d+)%z(.*)$')
if old == fresh then return {'UPDATED', unchanged} end
local rows = call('HGETALL', tenant_key .. ':pol')
for i = 1, #rows, 2 do
    if rows[i] ~= id and string.match(rows[i + 1], '^%d+%z%d+%z([^%z]*)') == ARGV[4] then return {'DUPLICATE'} end
end
guard.journal(prefix, tenant_key)
local now, now_us = clock.now()
tenant.bump(tenant_key, now_us)
call('HSET', policies_key, id, string.match(row, '^%d+') .. '\0' .. now .. '\0' .. fresh)
audit.append(prefix, tenant_key, now, now_us, ARGV[6])
outbox.append(prefix, tenant_key, now, now_us, 'policy.updated', ARGV[7], ARGV[8])
return {'UPDATED', now .. ''}

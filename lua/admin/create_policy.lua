--[[
admin/create_policy: a new policy of a tenant, in force from the next request on.

retry: keyed
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2], or empty for the admin key
  2 policy_id   the new policy's id
  3 name        JSON string; no two policies of a tenant have the same
  4 document    JSON of the policy's terms
  5 most        policies a tenant may have
  6 entry       JSON of the audit entry
  7 context     JSON of request and trace ids for the event
  8 payload     JSON of the event's data
REPLIES
  STALE value          the tenant's present status and epoch
  CREATED created_ms   done, or done before with this very id
  DUPLICATE            the tenant has a policy of this name
  FULL                 the tenant has as many policies as it may have
  NO_TENANT            there is no such tenant
  CLOSED               the tenant is closed
EVENTS
  policy.created
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
local policies_key = tenant_key .. ':pol'
local status = call('GET', tenant_key)
local old = call('HGET', policies_key, ARGV[2])
if old then return {'CREATED', string.match(old, '^%d+')} end
if ARGV[1] ~= '' and ARGV[1] ~= status then return {'STALE', status or ''} end
if not status then return {'NO_TENANT'} end
if string.sub(status, 1, 1) == 'C' then return {'CLOSED'} end
local rows = call('HVALS', tenant_key .. ':pol')
if #rows >= ARGV[5] + 0 then return {'FULL'} end
for i = 1, #rows do
    if string.match(rows[i], '^%d+%z%d+%z([^%z]*)') == ARGV[3] then return {'DUPLICATE'} end
end
guard.types({policies_key, 'hash', prefix .. 'ids', 'hash'})
guard.journal(prefix, tenant_key)
local now, now_us = clock.now()
tenant.bump(tenant_key, now_us)
call('HSET', policies_key, ARGV[2], now .. '\0' .. now .. '\0' .. ARGV[3] .. '\0' .. ARGV[4])
call('HSET', prefix .. 'ids', ARGV[2], string.sub(tenant_key, #prefix + 3))
audit.append(prefix, tenant_key, now, now_us, ARGV[6])
outbox.append(prefix, tenant_key, now, now_us, 'policy.created', ARGV[7], ARGV[8])
return {'CREATED', now .. ''}

--[[
admin/create_tenant: a new tenant, or the one that has this id already.

A call that comes again after its reply was lost finds its own entry, with its request id, as the first one in the
tenant's audit log, and answers as it did.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 name        the tenant's display name as JSON
  2 terms       JSON of the tenant's settings
  3 entry       JSON of the audit entry
  4 context     JSON of request and trace ids for the event
REPLIES
  CREATED created_ms                             the new tenant's creation time; done, or done before by this very call
  EXISTS status name terms created_ms updated_ms suspended_ms closed_ms
                                                 the tenant of this id as it stands; status letter
EVENTS
  tenant.created
COMPLEXITY
  O(log tenants of the shard); about 25 calls
]]
--include <clock>
--include <guard>
--include <tenant>
--include <audit>
--include <outbox>
--include <admin/profile>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
local profile_key = tenant_key .. ':p'
local status = call('GET', tenant_key)
if status then
    local found = profile.read(tenant_key)
    local first = call('ZRANGE', tenant_key .. ':al', 0, 0)[1]
    local body = first and call('GET', prefix .. 'a:' .. first)
    if body and string.match(body, '^%d+%z%Z*%z(.*)$') == ARGV[3] then return {'CREATED', found[3]} end
    return {'EXISTS', string.sub(status, 1, 1), unpack(found)}
end
guard.types({profile_key, 'hash', tenant_key .. ':n', 'string', prefix .. 'tenants', 'zset'})
guard.journal(prefix, tenant_key)
local now, now_us = clock.now()
call('SET', tenant_key, tenant.tag('A', 0, now_us))
call('HSET', profile_key, 'name', ARGV[1], 'terms', ARGV[2], 'created_ms', now, 'updated_ms', now)
call('SET', tenant_key .. ':n', 0)
call('ZADD', prefix .. 'tenants', now, string.sub(tenant_key, #prefix + 3))
audit.append(prefix, tenant_key, now, now_us, ARGV[3])
outbox.append(prefix, tenant_key, now, now_us, 'tenant.created', ARGV[4], '{"new_status":"ACTIVE","changed_fields":[]}')
return {'CREATED', now .. ''}

--[[
admin/set_setting: replaces a setting of a tenant that is kept as one JSON text in its profile.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 field       limits or jwt_keys
  2 json        the new value
  3 entry       JSON of the audit entry
  4 context     JSON of request and trace ids for the event
  5 payload     JSON of the event's data
REPLIES
  SET           done, or what is stored is just this
  NO_TENANT     there is no such tenant
  CLOSED        the tenant is closed
EVENTS
  tenant.settings_changed, when the value is another
COMPLEXITY
  O(log events); about 30 calls
]]
--include <clock>
--include <guard>
--include <tenant>
--include <audit>
--include <outbox>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
local status = call('GET', tenant_key)
if not status then return {'NO_TENANT'} end
if string.sub(status, 1, 1) == 'C' then return {'CLOSED'} end
if call('HGET', tenant_key .. ':p', ARGV[1]) == ARGV[2] then return {'SET'} end
guard.journal(prefix, tenant_key)
local now, now_us = clock.now()
tenant.bump(tenant_key, now_us)
call('HSET', tenant_key .. ':p', ARGV[1], ARGV[2], 'updated_ms', now)
audit.append(prefix, tenant_key, now, now_us, ARGV[3])
outbox.append(prefix, tenant_key, now, now_us, 'tenant.settings_changed', ARGV[4], ARGV[5])
return {'SET'}

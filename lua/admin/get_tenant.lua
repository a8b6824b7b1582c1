--[[
admin/get_tenant: a tenant as it stands.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  none
REPLIES
  TENANT status name terms created_ms updated_ms suspended_ms closed_ms
                status letter; suspended_ms and closed_ms are empty unless it is suspended or closed
  NO_TENANT     there is no such tenant
EVENTS
  none
COMPLEXITY
  O(1); 2 calls
]]
--include <admin/profile>

local tenant_key = KEYS[2]
local status = redis.call('GET', tenant_key)
if not status then return {'NO_TENANT'} end
return {'TENANT', string.sub(status, 1, 1), unpack(profile.read(tenant_key))}

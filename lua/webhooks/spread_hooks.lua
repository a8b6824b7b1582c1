--[[
webhooks/spread_hooks: lets a tenant's scripts look out for what the operator's subscriptions ask, as they do for the
tenant's own.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 asks        JSON of what the operator's subscriptions ask for, or empty
REPLIES
  SPREAD changed   1 when this is news to the tenant
  TOO_MANY         all asks together are too many; nothing is changed
  NO_TENANT
EVENTS
  none
COMPLEXITY
  O(subscriptions of the tenant that ask for something); about 10 calls
]]
--include <clock>
--include <guard>
--include <tenant>
--include <webhooks/hooks>

local prefix, tenant_key = KEYS[1], KEYS[2]
if redis.call('EXISTS', tenant_key) == 0 then return {'NO_TENANT'} end
guard.types({tenant_key .. ':wk', 'hash', tenant_key .. ':p', 'hash', prefix .. 'due', 'zset'})
local change = hooks.change(tenant_key, '__system__', ARGV[1])
if change == nil then return {'SPREAD', 0} end
if change == false then return {'TOO_MANY'} end
local _, now_us = clock.now()
tenant.bump(tenant_key, now_us)
hooks.write(tenant_key, '__system__', change, now_us)
return {'SPREAD', 1}

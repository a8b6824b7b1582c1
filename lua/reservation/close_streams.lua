--[[
reservation/close_streams: gives leases of a tenant's live event streams back.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1.. ids       of streams
REPLIES
  GONE            there is no such tenant
  CLOSED left     streams of the tenant that are open still
EVENTS
  none
COMPLEXITY
  O(ids * log streams), at most 500 ids, and up to 1,000 leases that are over
]]
--include <clock>
--include <reservation/leases>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
if not call('GET', tenant_key) then return {'GONE'} end
local now, now_us = clock.now()
call('ZCARD', prefix .. 'due')
call('ZREM', tenant_key .. ':es', unpack(ARGV))
leases.sweep(tenant_key, now, 1000)
leases.settle(prefix, tenant_key, now_us)
return {'CLOSED', call('ZCARD', tenant_key .. ':es')}

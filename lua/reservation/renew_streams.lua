--[[
reservation/renew_streams: renews leases of a tenant's live event streams, also those that are over.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 lease_ms    how long the leases last from now on
  2.. ids       of streams
REPLIES
  GONE            there is no such tenant, or it is closed
  RENEWED tag last   the tenant's present tag; number of its last lock event (0 for none)
EVENTS
  none
COMPLEXITY
  O(ids * log streams), at most 500 ids
]]
--include <clock>
--include <reservation/leases>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
local status = call('GET', tenant_key)
if not status or string.sub(status, 1, 1) == 'C' then return {'GONE'} end
local now, now_us = clock.now()
call('ZCARD', prefix .. 'due')
local last, till = leases.last_event(tenant_key), string.format('%d', now + ARGV[1])
for i = 2, #ARGV do call('ZADD', tenant_key .. ':es', till, ARGV[i]) end
return {'RENEWED', leases.settle(prefix, tenant_key, now_us), last}

--[[
reservation/end_streams: takes away leases of live event streams that are over, because their server died.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 limit       at most so many in this call, 1 to 200
REPLIES
  EXPIRED count failed more   ended; always 0; 1 if more are due
EVENTS
  none
COMPLEXITY
  O(limit * log streams)
]]
--include <clock>
--include <due>
--include <reservation/leases>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
local limit = ARGV[1] + 0
local now, now_us = clock.now()
call('ZCARD', prefix .. 'due')
if not call('GET', tenant_key) then
    -- What a lost tenant leaves behind would be due for ever.
    call('DEL', tenant_key .. ':es')
    due.settle(prefix, 'e', string.sub(tenant_key, #prefix + 3), tenant_key .. ':es')
    return {'EXPIRED', 0, 0, 0}
end
local count = leases.sweep(tenant_key, now, limit)
leases.settle(prefix, tenant_key, now_us)
return {'EXPIRED', count, 0, count == limit and 1 or 0}

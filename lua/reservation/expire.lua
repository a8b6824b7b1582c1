--[[
reservation/expire: frees a tenant's holds that are past their expiry, each once.

retry: safe
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 limit       at most so many in this call, 1 to 200
REPLIES
  EXPIRED count failed more now   ended; set aside because a record is corrupt; 1 if more are due; the time in ms
EVENTS
  stream entry X for each; with mark h custom.resource.expired with it; a message on hf:ev with mark w
COMPLEXITY
  O(limit * (log holds + blockers + ancestors))
]]
--include <clock>
--include <due>
--include <reservation/hold>
--include <reservation/overdue>
--include <reservation/notice>

local prefix, tenant_key = KEYS[1], KEYS[2]
local now, now_us = clock.now()
hold.check_batch(prefix, tenant_key, {}, 1, 2)
local told, limit = notice.open(prefix, tenant_key, redis.call('GET', tenant_key)), ARGV[1] + 0
-- An event costs as much again as the end of a hold.
if told and told.is_kept then limit = math.min(limit, 100) end
local ended, failed, more = overdue.sweep(tenant_key, string.format('%d', now_us), now, now, limit)
notice.tell(told, now, now_us, '')
due.settle(prefix, 'l', string.sub(tenant_key, #prefix + 3), tenant_key .. ':act')
return {'EXPIRED', ended, failed, more and 1 or 0, now}

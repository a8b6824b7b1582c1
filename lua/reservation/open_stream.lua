--[[
reservation/open_stream: takes the lease of a live event stream.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 id          the stream's id, any text that no other stream has
  3 lease_ms    how long the lease lasts
  4 limit       most streams of the tenant at once, or empty
REPLIES
  STALE value     the tenant's present status and epoch; also to the first call sent again, which made the mark
  CLOSED          the tenant is closed
  LIMITED till    there are as many as may be; when the first lease of them ends (ms, empty for never)
  OPENED last now   number of the tenant's last lock event (0 for none); the time in ms
EVENTS
  none
COMPLEXITY
  O(log streams), and up to 1,000 leases that are over
]]
--include <clock>
--include <tenant>
--include <reservation/leases>

local prefix, tenant_key, tag, id, limit = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[4]
local call = redis.call
local stale = tenant.stale(tenant_key, tag)
if stale then return {'STALE', stale} end
if string.sub(tag, 1, 1) == 'C' then return {'CLOSED'} end
local now, now_us = clock.now()
local leases_key, after = tenant_key .. ':es', '(' .. string.format('%d', now)
if limit ~= '' and not call('ZSCORE', leases_key, id) and call('ZCOUNT', leases_key, after, '+inf') >= limit + 0 then
    local first = call('ZRANGEBYSCORE', leases_key, after, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    return {'LIMITED', first[2] or ''}
end
call('ZCARD', prefix .. 'due')
local last = leases.last_event(tenant_key)
leases.sweep(tenant_key, now, 1000)
call('ZADD', leases_key, string.format('%d', now + ARGV[3]), id)
leases.settle(prefix, tenant_key, now_us)
return {'OPENED', last, now .. ''}

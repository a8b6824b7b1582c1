--[[
admin/note: an audit entry for what no other script writes one for: refused requests of the operator, failed logins,
and reads on a tenant's behalf.

retry: keyed
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant whose log it is; or, in the first shard, __admin__ or __unauth__ in a tenant's place
ARGV
  1 entry       JSON of the audit entry
REPLIES
  NOTED
EVENTS
  none
COMPLEXITY
  O(log entries); about 20 calls
]]
--include <clock>
--include <guard>
--include <audit>

local prefix, tenant_key = KEYS[1], KEYS[2]
guard.types({prefix .. 'seq', 'counter', tenant_key .. ':al', 'zset', prefix .. 'al', 'zset'})
local last = redis.call('ZREVRANGE', tenant_key .. ':al', 0, 0)[1]
local body = last and redis.call('GET', prefix .. 'a:' .. last)
-- Its request id makes an entry the only one of its kind: this very call was sent before.
if body and string.sub(body, -#ARGV[1]) == ARGV[1] then return {'NOTED'} end
local now, now_us = clock.now()
audit.append(prefix, tenant_key, now, now_us, ARGV[1])
return {'NOTED'}

--[[
admin/confirm_tag: whether what a server has cached of a tenant and its keys still holds, for answers made of nothing
else.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
REPLIES
  STALE value   the tenant's present status and epoch
  CURRENT       it holds
EVENTS
  none
COMPLEXITY
  O(1); 1 call
]]
--include <tenant>

local stale = tenant.stale(KEYS[2], ARGV[1])
if stale then return {'STALE', stale} end
return {'CURRENT'}

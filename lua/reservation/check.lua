--[[
reservation/check: who holds a name now.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 resource    the name
REPLIES
  STALE value   the tenant's present status and epoch
  FREE          nobody
  HELD holder   requester
EVENTS
  none
COMPLEXITY
  O(1); 3 calls
]]
--include <clock>
--include <tenant>
--include <reservation/hold>

local stale = tenant.stale(KEYS[2], ARGV[1])
if stale then return {'STALE', stale} end
local value = redis.call('GET', KEYS[2] .. ':k:' .. ARGV[2])
if not value then return {'FREE'} end
local till, _, _, owner = hold.open(value)
if till + 0 <= clock.now() then return {'FREE'} end
return {'HELD', owner}

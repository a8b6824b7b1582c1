--[[
admin/get_key: one API key of a tenant as it stands, for the operator.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 key_id      the key's id
REPLIES
  KEY status row now   the tenant's status letter, the key's row, the time in ms
  NOT_FOUND            the tenant has no such key
EVENTS
  none
COMPLEXITY
  O(1); 3 calls
]]
--include <clock>

local status = redis.call('GET', KEYS[2])
local row = redis.call('HGET', KEYS[2] .. ':keys', ARGV[1])
if not (status and row) then return {'NOT_FOUND'} end
return {'KEY', string.sub(status, 1, 1), row, (clock.now())}

--[[
admin/key_owner: what the global entry of an API key says.

retry: safe
flags: no-writes
KEYS
  1 entry       the key's global entry, named by the hash of the clear key
ARGV
  none
REPLIES
  OWNER owner   tenant, colon, key id
  NOT_FOUND     there is no such key
EVENTS
  none
COMPLEXITY
  O(1); 1 call
]]
local owner = redis.call('GET', KEYS[1])
if not owner then return {'NOT_FOUND'} end
return {'OWNER', owner}

--[[
admin/confirm_key: makes the global entry of an API key last, once the key's row is stored.

An entry that has ended meanwhile is written again: its row exists, and the row alone decides whether the key counts.

retry: safe
KEYS
  1 entry       the key's global entry, named by the hash of the clear key
ARGV
  1 owner       what the entry says: tenant, colon, key id
REPLIES
  CONFIRMED     the entry is there for good
EVENTS
  none
COMPLEXITY
  O(1); 2 calls
]]
local entry_key, owner = KEYS[1], ARGV[1]
local found = redis.call('GET', entry_key)
if found and found ~= owner then error({err = 'CORRUPT API key entry'}) end
-- SET drops the expiry.
redis.call('SET', entry_key, owner)
return {'CONFIRMED'}

--[[
admin/enter_key: the global entry of a new API key, which ends by itself unless admin/confirm_key follows.

First of three calls: this one, admin/create_key in the tenant's shard, admin/confirm_key. An entry without a row opens
nothing. An entry that exists is left as it is, its lifetime too: a repetition that arrives late, after the entry was
confirmed, must not give it an end again.

retry: safe
KEYS
  1 entry       the key's global entry, named by the hash of the clear key
ARGV
  1 owner       what the entry says: tenant, colon, key id
  2 keep_s      how long it lives unconfirmed, s
  3 expires_ms  when the API key is to expire, ms since the epoch, or empty
REPLIES
  ENTERED now   the entry is there; the time in ms
  PAST          expires_ms is not in the future; nothing was written
EVENTS
  none
COMPLEXITY
  O(1); 2 calls
]]
--include <clock>

local entry_key = KEYS[1]
local owner, keep_s, expires_ms = ARGV[1], ARGV[2], ARGV[3]
local now = clock.now()
if expires_ms ~= '' and expires_ms + 0 <= now + 0 then return {'PAST'} end
local found = redis.call('SET', entry_key, owner, 'EX', keep_s, 'NX', 'GET')
if found and found ~= owner then error({err = 'CORRUPT API key entry'}) end
return {'ENTERED', now .. ''}

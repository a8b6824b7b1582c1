--[[
webhooks/set_security: replaces what the operator allows of the URLs of subscriptions, for those that are written from
now on.

retry: safe
KEYS
  1 entry       the installation's key for it
ARGV
  1 json        the new value
REPLIES
  SET old       done; what was stored, empty when nothing was
EVENTS
  none
COMPLEXITY
  O(1); 3 calls
]]
--include <guard>

guard.types({KEYS[1], 'string'})
local old = redis.call('GET', KEYS[1])
if old ~= ARGV[1] then redis.call('SET', KEYS[1], ARGV[1]) end
return {'SET', old or ''}

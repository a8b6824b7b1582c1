--[[
webhooks/get_security: what the operator allows of the URLs of subscriptions.

retry: safe
flags: no-writes
KEYS
  1 entry       the installation's key for it
ARGV
  none
REPLIES
  SECURITY json   what is stored, empty when nothing is
EVENTS
  none
COMPLEXITY
  O(1); 1 call
]]
return {'SECURITY', redis.call('GET', KEYS[1]) or ''}

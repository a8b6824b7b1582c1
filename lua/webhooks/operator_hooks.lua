--[[
webhooks/operator_hooks: what the operator's subscriptions ask the scripts of the hot path to look out for.

retry: safe
flags: no-writes
KEYS
  1 prefix      the prefix of the shard of __system__
  2 tenant      __system__ in a tenant's place
ARGV
  none
REPLIES
  HOOKS json    empty when they ask for nothing
EVENTS
  none
COMPLEXITY
  O(1); 1 call
]]
return {'HOOKS', redis.call('HGET', KEYS[2] .. ':p', 'hooks') or ''}

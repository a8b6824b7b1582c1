--[[
webhooks/begin_replay: lets one replay of a subscription begin at a time. One that asks for the same as another which
was cut off goes on with it under its id, so that what the other has queued is not queued again.

retry: keyed
KEYS
  1 prefix      the owner's shard's prefix
  2 tenant      the owner's status letter and epoch
ARGV
  1 sub         the subscription
  2 token       names the request, and the replay when it is a new one
  3 wish        fingerprint of what is asked for
  4 lease_ms    after which another may begin although this one never ended
REPLIES
  BEGUN replay    the replay's id
  IN_PROGRESS     another replay has not ended
  NOT_FOUND       the owner has no such subscription
  CLOSED          the tenant is closed
EVENTS
  none
COMPLEXITY
  O(1); 6 calls
]]
local prefix, tenant_key = KEYS[1], KEYS[2]
local call, sub, token, wish = redis.call, ARGV[1], ARGV[2], ARGV[3]
local KEEP_MS = 600000
if call('HEXISTS', tenant_key .. ':wh', sub) == 0 then return {'NOT_FOUND'} end
if string.sub(call('GET', tenant_key) or '', 1, 1) == 'C' then return {'CLOSED'} end
local lock_key, open_key = prefix .. 'rp:' .. sub, prefix .. 'ru:' .. sub
local other = call('GET', lock_key)
if other and other ~= token then return {'IN_PROGRESS'} end
local open, asked = string.match(call('GET', open_key) or '', '^(%S+) (%S+)$')
local replay = asked == wish and open or token
if not other then call('SET', lock_key, token, 'PX', ARGV[4]) end
if not other or replay ~= open then call('SET', open_key, replay .. ' ' .. wish, 'PX', KEEP_MS) end
return {'BEGUN', replay}

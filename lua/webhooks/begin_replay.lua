--[[
webhooks/begin_replay: lets one replay of a subscription begin at a time.

retry: keyed
KEYS
  1 prefix      the owner's shard's prefix
  2 tenant      the owner's status letter and epoch
ARGV
  1 sub         the subscription
  2 replay      the replay's id
  3 lease_ms    after which another may begin although this one never ended
REPLIES
  BEGUN row       the subscription's row
  IN_PROGRESS     another replay has not ended
  NOT_FOUND       the owner has no such subscription
  CLOSED          the tenant is closed
EVENTS
  none
COMPLEXITY
  O(1); 4 calls
]]
local prefix, tenant_key = KEYS[1], KEYS[2]
local row = redis.call('HGET', tenant_key .. ':wh', ARGV[1])
if not row then return {'NOT_FOUND'} end
if string.sub(redis.call('GET', tenant_key) or '', 1, 1) == 'C' then return {'CLOSED'} end
local key = prefix .. 'rp:' .. ARGV[1]
local other = redis.call('GET', key)
if other and other ~= ARGV[2] then return {'IN_PROGRESS'} end
if not other then redis.call('SET', key, ARGV[2], 'PX', ARGV[3]) end
return {'BEGUN', row}

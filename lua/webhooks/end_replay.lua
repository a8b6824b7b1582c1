--[[
webhooks/end_replay: lets the next replay of a subscription begin, and leaves the audit entry of this one.

retry: keyed
KEYS
  1 prefix      the owner's shard's prefix
  2 tenant      the owner's status letter and epoch
ARGV
  1 sub         the subscription
  2 replay      the replay's id
  3 entry       JSON of the audit entry, or empty for none
REPLIES
  ENDED           done, or there was nothing to end
EVENTS
  none
COMPLEXITY
  O(log audit entries); about 12 calls
]]
--include <clock>
--include <guard>
--include <audit>

local prefix, tenant_key = KEYS[1], KEYS[2]
local key = prefix .. 'rp:' .. ARGV[1]
if redis.call('GET', key) ~= ARGV[2] then return {'ENDED'} end
if ARGV[3] ~= '' then
    guard.journal(prefix, tenant_key)
    local now, now_us = clock.now()
    audit.append(prefix, tenant_key, now, now_us, ARGV[3])
end
redis.call('DEL', key)
return {'ENDED'}

--[[
webhooks/end_replay: lets the next replay of a subscription begin, and leaves the audit entry of this one.

retry: keyed
KEYS
  1 prefix      the owner's shard's prefix
  2 tenant      the owner's status letter and epoch
ARGV
  1 sub         the subscription
  2 token       names the request that began it
  3 replay      the replay's id
  4 is_whole    1 when all is queued; 0 when one that asks for the same is to go on with it
  5 entry       JSON of the audit entry, or empty for none
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
local call, is_whole = redis.call, ARGV[4] == '1'
local lock_key, open_key = prefix .. 'rp:' .. ARGV[1], prefix .. 'ru:' .. ARGV[1]
local is_held = call('GET', lock_key) == ARGV[2]
local is_open = string.match(call('GET', open_key) or '', '^%S+') == ARGV[3]
-- What the entry tells of happens once: the end of the whole, or of this request's part.
if ARGV[5] ~= '' and (is_whole and is_open or not is_whole and is_held) then
    guard.journal(prefix, tenant_key)
    local now, now_us = clock.now()
    audit.append(prefix, tenant_key, now, now_us, ARGV[5])
end
if is_held then call('DEL', lock_key) end
if is_whole and is_open then call('DEL', open_key) end
return {'ENDED'}

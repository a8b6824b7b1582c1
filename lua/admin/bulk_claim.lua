--[[
admin/bulk_claim: takes a bulk action by its idempotency key, or tells what became of it (admin digest 1.10).

Who takes it holds it under a lease and, after the first call, for as long as it goes on calling. One that was left
behind by a crash is free again once its lease has ended, together with the rows it had found: whoever takes it then
goes on with those.

retry: safe
KEYS
  1 prefix      the shard's prefix
ARGV
  1 h           22 characters: hash of install, operation and idempotency key
  2 fingerprint 22 characters: hash of the canonical request
  3 token       22 characters, the caller's own
  4 lease_ms    how long it is held
REPLIES
  CLAIMED plan  it is the caller's; what bulk_plan kept of it, empty the first time
  DONE answer   it was carried out
  BUSY left_ms  somebody else is at it, for so long if no more is heard of them
  MISMATCH      the same key with another request
EVENTS
  none
COMPLEXITY
  O(rows of the action); 3 calls
]]
--include <clock>

local prefix, fingerprint, token, lease_ms = KEYS[1], ARGV[2], ARGV[3], ARGV[4] + 0
local OPEN_MS = 86400000
local key = prefix .. 'bk:' .. ARGV[1]
local now = clock.now()
local record, plan = redis.call('GET', key), ''
if record then
    if string.sub(record, 2, 23) ~= fingerprint then return {'MISMATCH'} end
    if string.sub(record, 1, 1) == 'D' then return {'DONE', string.sub(record, 24)} end
    local left_ms = string.sub(record, 46, 58) - now
    if string.sub(record, 24, 45) ~= token and left_ms > 0 then return {'BUSY', string.format('%.0f', left_ms)} end
    plan = string.sub(record, 59)
end
local fresh = 'P' .. fingerprint .. token .. string.format('%013.0f', now + lease_ms) .. plan
if fresh ~= record then
    if record then
        redis.call('SET', key, fresh, 'KEEPTTL')
    else
        redis.call('SET', key, fresh, 'PX', OPEN_MS)
    end
end
return {'CLAIMED', plan}

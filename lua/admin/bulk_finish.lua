--[[
admin/bulk_finish: keeps the answer of a bulk action for 15 minutes, or forgets the action when it was refused.

retry: safe
KEYS
  1 prefix      the shard's prefix
ARGV
  1 h           as in bulk_claim
  2 token       the caller's own
  3 answer      the answer's body; empty when the action was refused and nothing was changed
REPLIES
  DONE answer   done, now or before
  LOST          it is not the caller's any more
EVENTS
  none
COMPLEXITY
  O(rows of the action); 2 calls
]]
local prefix, token, answer = KEYS[1], ARGV[2], ARGV[3]
local KEEP_MS = 900000
local key = prefix .. 'bk:' .. ARGV[1]
local record = redis.call('GET', key)
if not record then
    if answer ~= '' then return {'LOST'} end
    return {'DONE', ''}
end
if string.sub(record, 1, 1) == 'D' then return {'DONE', string.sub(record, 24)} end
if string.sub(record, 24, 45) ~= token then return {'LOST'} end
if answer == '' then
    redis.call('DEL', key)
    return {'DONE', ''}
end
redis.call('SET', key, 'D' .. string.sub(record, 2, 23) .. answer, 'PX', KEEP_MS)
return {'DONE', answer}

--[[
admin/bulk_plan: keeps the rows that a bulk action found before it changes the first one, so that after a crash it goes
on with these and no others.

retry: safe
KEYS
  1 prefix      the shard's prefix
ARGV
  1 h           as in bulk_claim
  2 token       the caller's own
  3 plan        what to keep
REPLIES
  PLANNED
  LOST          it is not the caller's any more
EVENTS
  none
COMPLEXITY
  O(rows of the action); 2 calls
]]
local prefix, token, plan = KEYS[1], ARGV[2], ARGV[3]
local key = prefix .. 'bk:' .. ARGV[1]
local record = redis.call('GET', key)
if not record or string.sub(record, 1, 1) ~= 'P' or string.sub(record, 24, 45) ~= token then return {'LOST'} end
if string.sub(record, 59) ~= plan then redis.call('SET', key, string.sub(record, 1, 58) .. plan, 'KEEPTTL') end
return {'PLANNED'}

--[[
budget/owner: whether a reservation id that names another tenant's shard exists there.

retry: safe
flags: no-writes
KEYS
  1 prefix      the prefix of the shard that the id names
ARGV
  1 h           names the record
  2 created_ms  13 digits, from the reservation id
REPLIES
  NOT_FOUND     no such reservation
  FOREIGN       it exists and, by its shard, belongs to another tenant
EVENTS
  none
COMPLEXITY
  O(1); 1 call
]]
local start = redis.call('GETRANGE', KEYS[1] .. 'r:' .. ARGV[1], 0, 13)
if start == '' or string.sub(start, 2) ~= ARGV[2] or string.sub(start, 1, 1) == 'D' then return {'NOT_FOUND'} end
return {'FOREIGN'}

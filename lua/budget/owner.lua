--[[
budget/owner: whose reservation an id names, for who cannot know: an id of another shard, or the operator's call.

retry: safe
flags: no-writes
KEYS
  1 prefix      the prefix of the shard that the id names
ARGV
  1 h           names the record
  2 created_ms  13 digits, from the reservation id
REPLIES
  NOT_FOUND     no such reservation
  FOREIGN tenant  it exists and belongs to this tenant
EVENTS
  none
COMPLEXITY
  O(1); 1 call
]]
--include <budget/record>

local key = KEYS[1] .. 'r:' .. ARGV[1]
local rec = redis.call('GET', key)
if not rec or string.sub(rec, 2, 14) ~= ARGV[2] or string.byte(rec) == 68 then return {'NOT_FOUND'} end
local _, _, _, _, name, path = record.parse(rec)
if not path then error({err = 'CORRUPT reservation ' .. key}) end
return {'FOREIGN', name}

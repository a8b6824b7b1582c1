--[[
admin/install: the constants of this installation, written by whoever starts first.

retry: safe
KEYS
  1 install     hash: shards, salt, created_ms
ARGV
  1 shards      number of shards, 1 to 256
  2 salt        32 random bytes, used only when none is stored yet
REPLIES
  INSTALLED shards salt   what is stored
EVENTS
  none
COMPLEXITY
  O(1); 4 calls
]]
--include <clock>

local key = KEYS[1]
local stored = redis.call('HMGET', key, 'shards', 'salt')
if stored[1] and stored[2] then return {'INSTALLED', stored[1], stored[2]} end
if redis.call('EXISTS', key) == 1 then error({err = 'CORRUPT install record'}) end
redis.call('HSET', key, 'shards', ARGV[1], 'salt', ARGV[2], 'created_ms', (clock.now()))
return {'INSTALLED', ARGV[1], ARGV[2]}

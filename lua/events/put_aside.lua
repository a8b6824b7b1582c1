--[[
events/put_aside: takes events out of a shard's outbox that the holder of its lease cannot deal with, such as those of a
type that only newer workers know. They are looked at again now and then (events/take), and hold up nobody meanwhile.

retry: safe
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
ARGV
  1 owner       whoever holds the lease of the outbox
  2 most        so many may be aside, the oldest go; 1 and up
  3.. entries   as events/take gave them
REPLIES
  ASIDE count dropped   so many were put aside; so many of the oldest were dropped
  LOST                  another holds the lease by now
EVENTS
  none
COMPLEXITY
  O(entries * log outbox), at most 200 entries; 2 calls an entry
]]
--include <clock>
--include <guard>

local prefix = KEYS[1]
local call = redis.call
local holder = call('GET', prefix .. 'rl')
if holder and holder ~= ARGV[1] then return {'LOST'} end
local aside_key = prefix .. 'odd'
guard.types({prefix .. 'out', 'zset', aside_key, 'zset'})
local _, now_us = clock.now()
local last = call('ZRANGE', aside_key, -1, -1, 'WITHSCORES')[2]
if last and last + 0 >= now_us then now_us = last + 1 end
local count = 0
for i = 3, #ARGV do
    if call('ZREM', prefix .. 'out', ARGV[i]) == 1 then
        -- No two have the same place, so that they can be read page by page.
        call('ZADD', aside_key, string.format('%.0f', now_us + count), ARGV[i])
        count = count + 1
    end
end
local over = count > 0 and call('ZCARD', aside_key) - ARGV[2] or 0
if over > 0 then call('ZPOPMIN', aside_key, over) end
return {'ASIDE', count, math.max(0, over)}

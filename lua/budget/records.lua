--[[
budget/records: records of reservations, up to as many as fit into one reply, and Redis' time to judge them by.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2], or empty not to look
  2 room        bytes of records after which no more are read; the first one is always
  3.. h         22 characters each, up to 201
REPLIES
  STALE value             the tenant's present status and epoch
  RECORDS now records..   now in ms; in the order asked for, empty where there is none of this tenant, ! where it cannot
                          be read; those left out because of room are missing at the end
EVENTS
  none
COMPLEXITY
  O(records); 1 GET a record, 2 further calls
]]
--include <clock>
--include <budget/record>

local prefix, room = KEYS[1], ARGV[2] + 0
if ARGV[1] ~= '' then
    local status = redis.call('GET', KEYS[2])
    if status ~= ARGV[1] then return {'STALE', status or ''} end
end
local name = string.sub(KEYS[2], #prefix + 3)
local out, used = {'RECORDS', (clock.now())}, 0
for i = 3, #ARGV do
    if used > room then break end
    local rec = redis.call('GET', prefix .. 'r:' .. ARGV[i]) or ''
    local state = string.sub(rec, 1, 1)
    if state ~= '' and state ~= 'D' then
        local _, _, _, _, owner = record.parse(rec)
        if owner == nil then rec = '!' elseif owner ~= name then rec = '' end
    end
    if state == 'D' then rec = '' end
    used = used + #rec
    out[#out + 1] = rec
end
return out

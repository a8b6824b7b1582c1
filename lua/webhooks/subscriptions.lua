--[[
webhooks/subscriptions: the next rows of an owner's subscriptions, for whoever matches events with them, in order of
creation. Whoever reads several pages begins anew when the tag of a later one is another.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the owner's status letter and epoch
ARGV
  1 known       the value of KEYS[2] under which the rows are known already, or empty
  2 offset      how many to leave out
  3 limit       at most so many, 1 to 500
REPLIES
  SAME                what is known still holds
  ROWS tag more rows..  the owner's present status and epoch, empty when there is none; 1 when there are others; of each
                        id, row, and since when it is active (ms, empty for since it was made); an empty row for one
                        that is missing
EVENTS
  none
COMPLEXITY
  O(log subscriptions + offset + limit); 2 calls a row
]]
local tenant_key, limit = KEYS[2], ARGV[3] + 0
local BYTES_MAX = 262144
local tag = redis.call('GET', tenant_key) or ''
if ARGV[1] ~= '' and ARGV[1] == tag then return {'SAME'} end
local found = redis.call('ZRANGE', tenant_key .. ':whl', ARGV[2], ARGV[2] + limit)
local out, bytes = {'ROWS', tag, 0}, 0
for i = 1, #found do
    if i > limit or bytes > BYTES_MAX then
        out[3] = 1
        break
    end
    local row = redis.pcall('HGET', tenant_key .. ':wh', found[i])
    if type(row) ~= 'string' then row = '' end
    local since = string.sub(row, 1, 1) == 'A' and redis.pcall('HGET', tenant_key .. ':wf:' .. found[i], 'active_ms')
    if type(since) ~= 'string' then since = '' end
    out[3 * i + 1], out[3 * i + 2], out[3 * i + 3] = found[i], row, since
    bytes = bytes + #row
end
return out

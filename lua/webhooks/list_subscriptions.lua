--[[
webhooks/list_subscriptions: the next subscriptions of an owner, or of all owners of a shard, in order of creation, with
what became of their deliveries lately.

A call ends early once it has read much, so that none is slow; the caller goes on from the last row. A subscription
whose row is missing is among them, with an empty row: one that is broken does not hide the others.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
ARGV
  1 tag         the caller's cached value of the owner's status letter and epoch, or empty for the admin key
  2 owner       the owner, or empty for all of the shard
  3 order       asc or desc
  4 from        creation time to begin with, ms, or -inf or +inf for the first
  5 offset      how many of that time to leave out
  6 limit       at most so many, 1 to 500
REPLIES
  STALE value           the tenant's present status and epoch
  ROWS more now rows..  more is 1 when there may be others; time in ms; per subscription: its place in the order (ms),
                        id, owner, row, failures in a row, and the times of the last delivery, success and failure, ms
                        or empty
EVENTS
  none
COMPLEXITY
  O(log subscriptions + offset + limit); 2 calls a row
]]
--include <clock>
--include <webhooks/facts>

local prefix, owner, limit = KEYS[1], ARGV[2], ARGV[6] + 0
local BYTES_MAX = 262144
local tenant_key, index, found = string.format('%st:%s', prefix, owner), prefix .. 'whl', nil
if ARGV[1] ~= '' then
    local status = redis.call('GET', tenant_key)
    if ARGV[1] ~= status then return {'STALE', status or ''} end
end
if owner ~= '' then index = tenant_key .. ':whl' end
if ARGV[3] == 'asc' then
    found = redis.call('ZRANGEBYSCORE', index, ARGV[4], '+inf', 'WITHSCORES', 'LIMIT', ARGV[5], limit)
else
    found = redis.call('ZREVRANGEBYSCORE', index, ARGV[4], '-inf', 'WITHSCORES', 'LIMIT', ARGV[5], limit)
end
local out, bytes = {'ROWS', #found == 2 * limit and 1 or 0, (clock.now())}, 0
for i = 1, #found, 2 do
    local id, name = found[i], owner
    if owner == '' then
        id, name = string.match(found[i], '^([^:]+):(.+)$')
        if not id then id, name = found[i], '' end
        tenant_key = string.format('%st:%s', prefix, name)
    end
    local row = redis.pcall('HGET', tenant_key .. ':wh', id)
    if type(row) ~= 'string' then row = '' end
    local n = #out
    out[n + 1], out[n + 2], out[n + 3], out[n + 4] = found[i + 1], id, name, row
    facts.append(out, tenant_key, id)
    bytes = bytes + #row
    if bytes > BYTES_MAX and i + 1 < #found then
        out[2] = 1
        break
    end
end
return out

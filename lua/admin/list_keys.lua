--[[
admin/list_keys: the next API keys of a tenant, or of all tenants of a shard, in order of creation.

A call ends early once it has read much, so that none is slow; the caller goes on from the last row. A key whose row is
missing is among them, with an empty row: one that is broken does not hide the others.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
ARGV
  1 tenant      the tenant, or empty for all of the shard
  2 order       asc or desc
  3 from        creation time to begin with, ms, or -inf or +inf for the first
  4 offset      how many of that time to leave out
  5 limit       at most so many, 1 to 500
REPLIES
  ROWS more now rows..  more is 1 when there may be others; time in ms; per key: its place in the order (ms), id,
                        tenant, row
EVENTS
  none
COMPLEXITY
  O(log keys + offset + limit); 1 call a row
]]
--include <clock>

local prefix, tenant, limit = KEYS[1], ARGV[1], ARGV[5] + 0
local BYTES_MAX = 262144
local tenant_key, index, found = string.format('%st:%s', prefix, tenant), prefix .. 'kl', nil
if tenant ~= '' then index = tenant_key .. ':kl' end
if ARGV[2] == 'asc' then
    found = redis.call('ZRANGEBYSCORE', index, ARGV[3], '+inf', 'WITHSCORES', 'LIMIT', ARGV[4], limit)
else
    found = redis.call('ZREVRANGEBYSCORE', index, ARGV[3], '-inf', 'WITHSCORES', 'LIMIT', ARGV[4], limit)
end
local out, n, bytes = {'ROWS', #found == 2 * limit and 1 or 0, (clock.now())}, 3, 0
for i = 1, #found, 2 do
    local id, owner = found[i], tenant
    if tenant == '' then
        id, owner = string.match(found[i], '^([^:]+):(.+)$')
        if not id then id, owner = found[i], '' end
        tenant_key = string.format('%st:%s', prefix, owner)
    end
    local row = redis.pcall('HGET', tenant_key .. ':keys', id)
    if type(row) ~= 'string' then row = '' end
    out[n + 1], out[n + 2], out[n + 3], out[n + 4] = found[i + 1], id, owner, row
    n, bytes = n + 4, bytes + #row
    if bytes > BYTES_MAX and i + 1 < #found then
        out[2] = 1
        break
    end
end
return out

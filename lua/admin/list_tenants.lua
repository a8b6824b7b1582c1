--[[
admin/list_tenants: the next tenants of a shard in order of creation.

A call ends early once it has read much, so that none is slow; the caller goes on from the last row. A tenant whose
status or profile is missing is among them, with empty fields: one that is broken does not hide the others.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
ARGV
  1 order       asc or desc
  2 from        creation time to begin with, ms, or -inf or +inf for the first
  3 offset      how many of that time to leave out
  4 limit       at most so many, 1 to 500
REPLIES
  ROWS more now rows..  more is 1 when there may be others; time in ms; per tenant: its place in the order (ms),
                        id, status letter, name, terms, created_ms, updated_ms, suspended_ms, closed_ms
EVENTS
  none
COMPLEXITY
  O(log tenants + offset + limit); 2 calls a row
]]
--include <clock>
--include <admin/profile>

local prefix, limit = KEYS[1], ARGV[4] + 0
local BYTES_MAX = 262144
local index, found = prefix .. 'tenants', nil
if ARGV[1] == 'asc' then
    found = redis.call('ZRANGEBYSCORE', index, ARGV[2], '+inf', 'WITHSCORES', 'LIMIT', ARGV[3], limit)
else
    found = redis.call('ZREVRANGEBYSCORE', index, ARGV[2], '-inf', 'WITHSCORES', 'LIMIT', ARGV[3], limit)
end
local out, n, bytes = {'ROWS', #found == 2 * limit and 1 or 0, (clock.now())}, 3, 0
for i = 1, #found, 2 do
    local tenant_key = string.format('%st:%s', prefix, found[i])
    local status, fields = redis.pcall('GET', tenant_key), profile.look(tenant_key)
    if type(status) ~= 'string' or not fields then status, fields = '', {'', '', '', '', '', ''} end
    out[n + 1], out[n + 2], out[n + 3] = found[i + 1], found[i], string.sub(status, 1, 1)
    for j = 1, 6 do
        out[n + 3 + j] = fields[j]
        bytes = bytes + #fields[j]
    end
    n = n + 9
    if bytes > BYTES_MAX and i + 1 < #found then
        out[2] = 1
        break
    end
end
return out

--[[
admin/audit_page: the next entries of an audit log in order of time, of one tenant or of all of a shard.

A call ends early once it has read much, so that none is slow; the caller goes on from the last row.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch, or the prefix again for all of the shard
ARGV
  1 scope       tenant or shard
  2 order       asc or desc
  3 from        sequence number to begin with, or -inf or +inf for the first
  4 until       sequence number to end with, or -inf or +inf
  5 offset      how many of the first number to leave out
  6 limit       at most so many, 1 to 500
REPLIES
  ROWS more now rows..  more is 1 when there may be others; time in ms; per entry: sequence number, whose log it is
                        in, body, which is empty when it has ended
EVENTS
  none
COMPLEXITY
  O(log entries + offset + limit); 2 calls and 1 an entry
]]
--include <clock>

local prefix, tenant_key, limit = KEYS[1], KEYS[2], ARGV[6] + 0
local BYTES_MAX = 262144
local log = ARGV[1] == 'shard' and prefix .. 'al' or tenant_key .. ':al'
local command = ARGV[2] == 'asc' and 'ZRANGEBYSCORE' or 'ZREVRANGEBYSCORE'
local found = redis.call(command, log, ARGV[3], ARGV[4], 'WITHSCORES', 'LIMIT', ARGV[5], limit)
local out, n, bytes = {'ROWS', #found == 2 * limit and 1 or 0, (clock.now())}, 3, 0
for i = 1, #found, 2 do
    -- What is no number, or names no text, is as good as ended; its place is counted with the others.
    local seq, owner = string.match(found[i], '^(%d+):?(.*)$')
    local body = seq and redis.pcall('GET', prefix .. 'a:' .. seq)
    if type(body) ~= 'string' then body = '' end
    if ARGV[1] == 'tenant' then owner = string.sub(tenant_key, #prefix + 3) end
    out[n + 1], out[n + 2], out[n + 3] = found[i + 1], owner or '', body
    n, bytes = n + 3, bytes + #body
    if bytes > BYTES_MAX and i + 1 < #found then
        out[2] = 1
        break
    end
end
return out

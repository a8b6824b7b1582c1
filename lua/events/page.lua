--[[
events/page: the next events of a log in order of time, of one tenant or of all of a shard.

The log says of each event its type, so those of other types are passed over without a look at their bodies: they are
rows with a number and nothing else. A call ends early once it has read much, so that none is slow; the caller goes on
from the last row.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch, __system__ in a tenant's place, or the prefix again for all
ARGV
  1 tag         the caller's cached value of KEYS[2], or empty for the admin key
  2 log         tenant or shard
  3 order       asc or desc
  4 from        sequence number to begin with, or -inf or +inf for the first
  5 until       sequence number to end with, or -inf or +inf
  6 offset      how many of the first number to leave out
  7 limit       at most so many, 1 to 500
  8.. types     types wanted, or their beginnings up to the point and with it; none for all
REPLIES
  STALE value        the tenant's present status and epoch
  ROWS more now rows..  more is 1 when there may be others; time in ms; per event: sequence number, type, whose log it
                        is in, and body, which is empty when it has ended; all but the number are empty when the type
                        is not wanted
EVENTS
  none
COMPLEXITY
  O(log events + offset + limit); 3 calls and 1 an event that is wanted
]]
--include <clock>

local prefix, tenant_key, limit = KEYS[1], KEYS[2], ARGV[7] + 0
local BYTES_MAX = 262144
if ARGV[1] ~= '' then
    local status = redis.call('GET', tenant_key)
    if status ~= ARGV[1] then return {'STALE', status or ''} end
end
local is_shard = ARGV[2] == 'shard'
local log = is_shard and prefix .. 'el' or tenant_key .. ':el'
local command = ARGV[3] == 'asc' and 'ZRANGEBYSCORE' or 'ZREVRANGEBYSCORE'
local found = redis.call(command, log, ARGV[4], ARGV[5], 'WITHSCORES', 'LIMIT', ARGV[6], limit)
local wanted, wants_all = {}, ARGV[8] == nil
for i = 8, #ARGV do wanted[ARGV[i]] = true end
local out, n, bytes = {'ROWS', #found == 2 * limit and 1 or 0, (clock.now())}, 3, 0
local name = string.sub(tenant_key, #prefix + 3)
for i = 1, #found, 2 do
    local seq, kind, owner
    if is_shard then
        seq, kind, owner = string.match(found[i], '^(%d+):(.*):([^:]*)$')
    else
        seq, kind = string.match(found[i], '^(%d+):(.*)$')
        owner = name
    end
    local body = ''
    if seq and (wants_all or wanted[kind] or wanted[string.match(kind, '^[^.]*%.')]) then
        body = redis.pcall('GET', prefix .. 'e:' .. seq)
        -- No body has ended its life; what is none is not taken for one that has.
        if type(body) ~= 'string' then body = body and '?' or '' end
    else
        kind, owner = '', ''
    end
    out[n + 1], out[n + 2], out[n + 3], out[n + 4] = found[i + 1], kind, owner, body
    n, bytes = n + 4, bytes + #body
    if bytes > BYTES_MAX and i + 1 < #found then
        out[2] = 1
        break
    end
end
return out

--[[
reservation/definitions: a page of a tenant's registered resources in the order of their names' bytes.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 after       the last name of the page before, empty for the first page
  3 limit       names of the page, 1 to 500
  4 swept_ms    until when the caller has expired what was due, or 0
REPLIES
  STALE value            the tenant's present status and epoch
  BEHIND                 something that is past its time may take up room
  PAGE version words..   the version of the definitions; then per resource its name, its row, and how many of its units
                         are in use
EVENTS
  none
COMPLEXITY
  O(limit + log definitions)
]]
--include <clock>
--include <tenant>
--include <reservation/definition>
--include <reservation/occupancy>

local tenant_key, after = KEYS[2], ARGV[2]
local call = redis.call
local stale = tenant.stale(tenant_key, ARGV[1])
if stale then return {'STALE', stale} end
local now = clock.now()
if occupancy.is_behind(tenant_key, now, ARGV[4] + 0) then return {'BEHIND'} end
local names = call('ZRANGEBYLEX', tenant_key .. ':dl', after == '' and '-' or '(' .. after, '+', 'LIMIT', 0, ARGV[3])
local out = {'PAGE', call('GET', tenant_key .. ':dv') or '0'}
for i = 1, #names do
    local row = call('HGET', tenant_key .. ':def', names[i])
    if not row then error({err = 'CORRUPT definition of a resource'}) end
    local n = #out
    out[n + 1], out[n + 2] = names[i], row
    out[n + 3] = occupancy.of(tenant_key, names[i], definition.parse(row), now)
end
return out

--[[
reservation/find_definitions: what a change of definitions has to know of those there are.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag             the caller's cached value of KEYS[2]
  2.. questions     each a letter and a name: d the row of this name; s the smallest number of a registered name that
                    looks like a slot of this one; c the names of its children
REPLIES
  STALE value             the tenant's present status and epoch
  FOUND version answers..   the version of the definitions; then per question its answer, empty for none; children are
                          divided by tabs, at most 1,001
EVENTS
  none
COMPLEXITY
  O(questions + children), at most 500 questions, at most 4 for children
]]
--include <tenant>

local tenant_key = KEYS[2]
local call = redis.call
local stale = tenant.stale(tenant_key, ARGV[1])
if stale then return {'STALE', stale} end
local out = {'FOUND', call('GET', tenant_key .. ':dv') or '0'}
for i = 2, #ARGV do
    local kind, name = string.sub(ARGV[i], 1, 1), string.sub(ARGV[i], 2)
    local answer
    if kind == 'd' then
        answer = call('HGET', tenant_key .. ':def', name)
    elseif kind == 's' then
        answer = call('ZRANGE', tenant_key .. ':ds:' .. name, 0, 0, 'WITHSCORES')[2]
    else
        answer = table.concat(call('ZRANGE', tenant_key .. ':dc:' .. name, 0, 1000), '\t')
    end
    out[#out + 1] = answer or ''
end
return out

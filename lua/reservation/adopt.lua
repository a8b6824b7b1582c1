--[[
reservation/adopt: makes holds of names that became slots of a pool units of the pool.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 pool        the registered name
  2 first       number of the first slot to look at
  3 end         number after the last one, at most 1,000 further
REPLIES
  ADOPTED next  done up to this slot: the call may be long enough before its end
  GONE          there is no such pool any more
EVENTS
  none
COMPLEXITY
  O(slots)
]]
--include <reservation/definition>
--include <reservation/unit>

local tenant_key, pool, first, last = KEYS[2], ARGV[1], ARGV[2] + 0, ARGV[3] - 1
local call = redis.call
local EFFORT_MAX = 2500
local row = call('HGET', tenant_key .. ':def', pool)
local d = row and definition.parse(row)
if not (d and d.is_pool) then return {'GONE'} end
call('STRLEN', tenant_key .. ':pb:' .. pool)
call('HGET', tenant_key .. ':ph:' .. pool, 'n')
call('HGET', tenant_key .. ':an:' .. pool, '')
local prefix, keys = tenant_key .. ':k:' .. pool .. '_', {}
for i = first, last do keys[#keys + 1] = prefix .. string.format('%d', i) end
if call('EXISTS', unpack(keys)) > 0 then
    local effort = 0
    for i = first, last do
        local slot = string.format('%d', i)
        local value = redis.pcall('GET', prefix .. slot)
        effort = effort + 1
        if type(value) == 'string' then
            effort = effort + unit.adopt(tenant_key, pool .. '_' .. slot, pool, slot, true, value)
        end
        if effort > EFFORT_MAX then
            last = i
            break
        end
    end
end
-- Only in order: what is below was looked at.
if d.adopted == first then
    d.adopted = last + 1
    call('HSET', tenant_key .. ':def', pool, definition.text(d))
end
return {'ADOPTED', last + 1}

--[[
reservation/define: writes definitions of resources that the caller has checked against those of a certain version.

retry: never
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 version     the version that the definitions were checked against
  3.. items     per definition: name, capacity, parent (empty for none), blockers divided by tabs, marks
REPLIES
  STALE value       the tenant's present status and epoch
  CLOSED            the tenant is closed
  SUSPENDED         the tenant is suspended
  CHANGED           the definitions have another version by now
  DEFINED version pools..   the new version; then name, first and end of the slots in which there may be holds older
                    than the pool
EVENTS
  none
COMPLEXITY
  O(items * log definitions), at most 200 items
]]
--include <clock>
--include <tenant>
--include <reservation/hold>
--include <reservation/definition>
--include <reservation/unit>

local tenant_key, tag, version = KEYS[2], ARGV[1], ARGV[2]
local call = redis.call
local stale = tenant.stale(tenant_key, tag)
if stale then return {'STALE', stale} end
local status = string.sub(tag, 1, 1)
if status == 'C' then return {'CLOSED'} end
if status == 'S' then return {'SUSPENDED'} end
local rows_key, list_key, version_key = tenant_key .. ':def', tenant_key .. ':dl', tenant_key .. ':dv'
if (call('GET', version_key) or '0') ~= version then return {'CHANGED'} end

-- What is there is read first: it raises for keys of another type and for corrupt rows before anything is written.
call('ZCARD', list_key)
local changes = {}
for i = 3, #ARGV, 5 do
    local name, capacity, parent, blockers = ARGV[i], ARGV[i + 1] + 0, ARGV[i + 2], ARGV[i + 3]
    local row = call('HGET', rows_key, name)
    local old = row and definition.parse(row)
    local d = {capacity = capacity, peak = math.max(capacity, old and old.peak or 1),
        adopted = old and old.adopted or 0, marks = ARGV[i + 4], parent = parent, blockers = blockers}
    local base, slot = definition.slot(name)
    if base then call('ZCARD', tenant_key .. ':ds:' .. base) end
    if parent ~= '' then call('ZCARD', tenant_key .. ':dc:' .. parent) end
    if old and old.parent ~= '' then call('ZCARD', tenant_key .. ':dc:' .. old.parent) end
    local value = call('GET', tenant_key .. ':k:' .. name)
    if value then hold.open(value) end
    call('HGET', tenant_key .. ':ph:' .. name, 'n')
    changes[#changes + 1] = {name = name, d = d, old = old, base = base, slot = slot, value = value}
end

if call('EXISTS', rows_key) == 0 then
    -- The first definition: no server may go on taking names for plain ones.
    local _, now_us = clock.now()
    tenant.bump(tenant_key, now_us)
end
call('INCR', version_key)
local out = {'DEFINED', call('GET', version_key)}
for i = 1, #changes do
    local c = changes[i]
    local name, d, old = c.name, c.d, c.old
    call('HSET', rows_key, name, definition.text(d))
    call('ZADD', list_key, 0, name)
    if c.base then call('ZADD', tenant_key .. ':ds:' .. c.base, c.slot, name) end
    if old and old.parent ~= d.parent and old.parent ~= '' then
        call('ZREM', tenant_key .. ':dc:' .. old.parent, name)
    end
    if d.parent ~= '' then call('ZADD', tenant_key .. ':dc:' .. d.parent, 0, name) end
    if c.value then unit.adopt(tenant_key, name, name, '-', d.peak > 1, c.value) end
    if d.peak > 1 and d.adopted < d.capacity then
        local n = #out
        out[n + 1], out[n + 2], out[n + 3] = name, d.adopted, d.capacity
    end
end
return out

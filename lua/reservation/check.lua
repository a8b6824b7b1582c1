--[[
reservation/check: who holds names now, and whether there is a free unit of them.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 registered  1 if the tenant has registered resources, else 0
  3 swept_ms    until when the caller has expired what was due, or 0
  4.. names     the resources
REPLIES
  STALE value   the tenant's present status and epoch
  BEHIND        something that is past its time may be what keeps a resource from being free
  ITEMS words..  per name FREE or HELD; the requester, empty unless exactly one unit is in use
EVENTS
  none
COMPLEXITY
  O(names), at most 64; one call for a plain name
]]
--include <clock>
--include <tenant>
--include <reservation/hold>
--include <reservation/derived>
--include <reservation/definition>
--include <reservation/occupancy>

local tenant_key, is_registered, swept_ms = KEYS[2], ARGV[2] == '1', ARGV[3] + 0
local call = redis.call
local stale = tenant.stale(tenant_key, ARGV[1])
if stale then return {'STALE', stale} end
local now = clock.now()

-- Definition of a name, registered name, number of the slot that it means; nothing for a plain one.
local function resolve(name)
    if not is_registered then return nil end
    local row = call('HGET', tenant_key .. ':def', name)
    if row then return definition.parse(row), name end
    local base, slot = definition.slot(name)
    row = base and call('HGET', tenant_key .. ':def', base)
    local d = row and definition.parse(row)
    if d and d.is_pool then return d, base, slot end
end

local out, is_derived_held = {'ITEMS'}, false
for i = 4, #ARGV do
    local name = ARGV[i]
    local d, base, slot = resolve(name)
    local is_held, holder = false, nil
    local value = (slot or not d) and call('GET', tenant_key .. ':k:' .. name)
    if value then
        local till, _, _, owner = hold.open(value)
        if till + 0 > now then is_held, holder = true, owner end
    end
    if d and not is_held then
        local in_use, owner = occupancy.of(tenant_key, base, d, now)
        is_held, holder = in_use >= d.capacity or (slot ~= nil and (slot + 0 >= d.capacity or d.capacity == 1)),
            not slot and owner or nil
    end
    is_derived_held = is_derived_held or (is_held and (d ~= nil or holder == derived.SYSTEM))
    out[#out + 1] = is_held and 'HELD' or 'FREE'
    out[#out + 1] = is_held and holder or ''
end
if is_derived_held and occupancy.is_behind(tenant_key, now, swept_ms) then return {'BEHIND'} end
return out

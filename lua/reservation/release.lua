--[[
reservation/release: frees named resources, each item on its own, in order; for tenants without subscriptions to events
of resources (mark h). The others take reservation/give_back.

retry: safe
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 registered  1 if the tenant has registered resources, else 0
  3.. items     per item: requester, resource, release token (may be empty)
REPLIES
  STALE value   the tenant's present status and epoch
  CLOSED        the tenant is closed
  BEHIND        more is due than one call can expire
  ITEMS words..  per item: RELINQUISHED, NOT_RESERVED, NOT_OWNER (right token, other requester) or BAD_TOKEN; and the
                 names freed, divided by tabs (empty when it is the item's name, or nothing). Fewer items than were
                 asked for: the call was long enough, the rest was not looked at
EVENTS
  stream entry R for each RELINQUISHED, X for a hold found past its expiry; a message on hf:ev with mark w
COMPLEXITY
  O(items * (log holds + blockers + ancestors)), at most 64 items; 6 calls for a plain name
]]
--include <reservation/hold>
--include <reservation/overdue>
--include <reservation/find>

-- Hot: clock and tenant are written out below, because a closure costs 0.1 us in every call.
local tenant_key, tag, is_registered = KEYS[2], ARGV[1], ARGV[2] == '1'
local call = redis.call
local current = call('GET', tenant_key)
if current ~= tag then return {'STALE', current or ''} end
if string.byte(tag) == 67 then return {'CLOSED'} end

local time = call('TIME')
local id = time[1] .. string.sub('00000' .. time[2], -6)
local now = string.sub(id, 1, 13) + 0
if #ARGV > 5 then hold.check_batch(KEYS[1], tenant_key, ARGV, 3, 3) end
-- Mark w, the last of the tag: a live stream of the tenant is open somewhere.
local is_live, swept = string.byte(tag, -1) == 119, 0
if is_registered then
    local ended, _, more, next_id = overdue.sweep(tenant_key, id, now, now, 64)
    if more then
        if is_live then call('PUBLISH', 'hf:ev', string.sub(tenant_key, #KEYS[1] + 3)) end
        return {'BEHIND'}
    end
    id, swept = next_id, ended
end

local out, n, last, effort = {'ITEMS', nil, nil}, 1, nil, 0
for i = 3, #ARGV, 3 do
    local requester, name = ARGV[i], ARGV[i + 1]
    local unit, value = name, nil
    if is_registered then
        unit, value = find.held(tenant_key, name, ARGV[i + 2], true)
    else
        value = call('GET', tenant_key .. ':k:' .. name)
    end
    local word, reason, freed = 'NOT_RESERVED', nil, nil
    if value then
        local expires, fence, token, owner, kind, label, extension = hold.open(value)
        if expires + 0 <= now then
            reason = 'X'
        elseif token ~= ARGV[i + 2] or owner == derived.SYSTEM then
            word = 'BAD_TOKEN'
        elseif owner ~= requester then
            word = 'NOT_OWNER'
        else
            word, reason = 'RELINQUISHED', 'R'
        end
        if reason then
            if last then id = string.format('%d', last + 1) end
            local used, released = hold.free(tenant_key, unit, reason, id, expires, fence, token, owner, kind, label,
                extension)
            if not used then return redis.error_reply(released) end
            last, freed = used, reason == 'R' and released
            if is_registered then effort = effort + derived.effort(tenant_key, owner, extension) end
        end
    elseif is_registered and unit then
        word = 'BAD_TOKEN'
    end
    out[n + 1], out[n + 2] = word, freed and table.concat(freed, '\t') or ''
    n = n + 2
    if effort > derived.EFFORT_MAX then break end
end
if is_live and (last or swept > 0) then call('PUBLISH', 'hf:ev', string.sub(tenant_key, #KEYS[1] + 3)) end
return out

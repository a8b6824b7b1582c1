--[[
reservation/give_back: frees named resources, each item on its own, in order; for tenants with subscriptions to events
of resources (mark h). The others take reservation/release, which is quicker.

retry: safe
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 context     JSON of request and actor for events
  3.. items     per item: requester, resource, release token (may be empty)
REPLIES
  STALE value   the tenant's present status and epoch
  CLOSED        the tenant is closed
  BEHIND        more is due than one call can expire
  ITEMS words..  as in reservation/release
EVENTS
  stream entry R for each RELINQUISHED, X for a hold past its expiry; custom.resource.released and
  custom.resource.expired with them
COMPLEXITY
  O(items * (log holds + blockers + ancestors)), at most 64 items
]]
--include <clock>
--include <tenant>
--include <reservation/hold>
--include <reservation/overdue>
--include <reservation/find>
--include <reservation/notice>

local prefix, tenant_key, tag, context = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local stale = tenant.stale(tenant_key, tag)
if stale then return {'STALE', stale} end
if string.sub(tag, 1, 1) == 'C' then return {'CLOSED'} end

local now, now_us = clock.now()
hold.check_batch(prefix, tenant_key, ARGV, 3, 3)
local told = notice.open(prefix, tenant_key, tag)
local _, _, more, id = overdue.sweep(tenant_key, string.format('%d', now_us), now, now, 64)
notice.tell(told, now, now_us, '')
if more then return {'BEHIND'} end

local out, last, effort = {'ITEMS'}, nil, 0
for i = 3, #ARGV, 3 do
    local word, unit, fields = find.judge(tenant_key, ARGV[i], ARGV[i + 1], ARGV[i + 2], now, true)
    local freed = ''
    if word == 'RELINQUISHED' then
        if last then id = string.format('%d', last + 1) end
        local expires, fence, token, owner, kind, label, extension = unpack(fields)
        effort = effort + derived.effort(tenant_key, owner, extension)
        local used, released = hold.free(tenant_key, unit, 'R', id, expires, fence, token, owner, kind, label,
            extension)
        if not used then return redis.error_reply(released) end
        last, freed = used, released and table.concat(released, '\t') or ''
    end
    local n = #out
    out[n + 1], out[n + 2] = word, freed
    if effort > derived.EFFORT_MAX then break end
end
notice.tell(told, now, now_us, context)
return out

--[[
reservation/force_release: frees one hold by its name, without its token, in the name of the operator.

retry: safe
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 resource    the name
  2 entry       JSON of the audit entry
  3 context     JSON of request and actor for events
REPLIES
  NO_TENANT                 there is no such tenant
  CLOSED                    the tenant is closed
  BEHIND                    more is due than one call can expire
  FREE                      nobody holds it
  SEVERAL count             several hold a unit of it: one has to be named
  DERIVED                   it is held along with another resource
  FORCED requester freed    who had it; the names freed, divided by tabs
EVENTS
  stream entry F, X for a hold found past its expiry; with mark h custom.resource.released and custom.resource.expired
  with them; a message on hf:ev with mark w
COMPLEXITY
  O(log holds + blockers + ancestors + log audit entries)
]]
--include <few>
--include <clock>
--include <guard>
--include <audit>
--include <reservation/hold>
--include <reservation/overdue>
--include <reservation/notice>

local prefix, tenant_key, name, entry = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local call = redis.call
local status = call('GET', tenant_key)
if not status then return {'NO_TENANT'} end
if string.sub(status, 1, 1) == 'C' then return {'CLOSED'} end
local now, now_us = clock.now()
guard.journal(prefix, tenant_key)
hold.check_batch(prefix, tenant_key, {}, 1, 1)
local told = notice.open(prefix, tenant_key, status)
local _, _, more, id = overdue.sweep(tenant_key, string.format('%d', now_us), now, now, 64)
notice.tell(told, now, now_us, '')
if more then return {'BEHIND'} end

local unit, units_key = name, tenant_key .. ':ph:' .. name
local units = (call('HGET', units_key, 'n') or '0') + 0
if units > 1 then return {'SEVERAL', units} end
if units == 1 then
    local fields = few.fields(units_key, 4)
    for i = 1, #fields, 2 do
        if string.sub(fields[i], 1, 1) == 'r' and fields[i + 1] ~= '-' then unit = name .. '_' .. fields[i + 1] end
    end
end
local value = call('GET', tenant_key .. ':k:' .. unit)
if not value then
    return {call('EXISTS', tenant_key .. ':an:' .. name) == 1 and 'DERIVED' or 'FREE'}
end
local expires, fence, token, owner, kind, label, extension = hold.open(value)
if owner == derived.SYSTEM then return {'DERIVED'} end
local used, released = hold.free(tenant_key, unit, expires + 0 <= now and 'X' or 'F', id, expires, fence, token, owner,
    kind, label, extension)
if not used then return redis.error_reply(released) end
notice.tell(told, now, now_us, ARGV[3])
audit.append(prefix, tenant_key, now, now_us, entry)
return {'FORCED', owner, released and table.concat(released, '\t') or unit}

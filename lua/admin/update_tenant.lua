--[[
admin/update_tenant: a tenant's new name, settings or status, unless somebody changed it meanwhile.

Every change makes cached tags stale, so it counts from the next request on. Closing happens here, at once and for good:
no script does anything for a closed tenant any more. What the tenant still has is ended by admin/close_step, which the
entry in the due index asks for.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 status      status letter that the change was made from
  2 name        name (JSON) that it was made from
  3 terms       settings (JSON) that it was made from
  4 new_status  A, S or C
  5 new_name    JSON
  6 new_terms   JSON
  7 entry       JSON of the audit entry; empty for one of many rows, whose action has the entry
  8 context     JSON of request and trace ids for the event
  9 kind        the event's type
  10 payload    JSON of the event's data
  11 closing    JSON of ids for the events of what is closed with the tenant; empty unless new_status is C
REPLIES
  UPDATED created_ms updated_ms suspended_ms closed_ms   done; the last two are empty unless suspended or closed
  CHANGED status name terms created_ms updated_ms suspended_ms closed_ms   it is another by now
  NO_TENANT                                              there is no such tenant
  CLOSED                                                 it is closed, and stays as it is
EVENTS
  tenant.updated, tenant.suspended, tenant.reactivated or tenant.closed
COMPLEXITY
  O(log tenants with something due + log events); about 35 calls
]]
--include <clock>
--include <guard>
--include <tenant>
--include <audit>
--include <outbox>
--include <admin/profile>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
local profile_key, due_key = tenant_key .. ':p', prefix .. 'due'
local status = call('GET', tenant_key)
if not status then return {'NO_TENANT'} end
local letter, fresh = string.sub(status, 1, 1), ARGV[4]
local now_is = profile.read(tenant_key)
if letter ~= ARGV[1] or now_is[1] ~= ARGV[2] or now_is[2] ~= ARGV[3] then return {'CHANGED', letter, unpack(now_is)} end
if letter == 'C' then return {'CLOSED'} end

guard.types({due_key, 'zset'})
guard.journal(prefix, tenant_key)
local now, now_us = clock.now()
local suspended, closed = now_is[5], now_is[6]
if fresh == 'A' then suspended = '' end
if fresh == 'S' and letter ~= 'S' then suspended = now .. '' end
if fresh == 'C' then closed = now .. '' end
call('SET', tenant_key, tenant.tag(fresh, string.sub(status, 2), now_us))
call('HSET', profile_key, 'name', ARGV[5], 'terms', ARGV[6], 'updated_ms', now)
if suspended ~= '' then
    call('HSET', profile_key, 'suspended_ms', suspended)
else
    call('HDEL', profile_key, 'suspended_ms')
end
if fresh == 'C' then
    call('HSET', profile_key, 'closed_ms', closed, 'close_request', ARGV[11], 'close_at', 'r0')
    call('ZADD', due_key, now, 'c' .. string.sub(tenant_key, #prefix + 3))
end
if ARGV[7] ~= '' then audit.append(prefix, tenant_key, now, now_us, ARGV[7]) end
outbox.append(prefix, tenant_key, now, now_us, ARGV[9], ARGV[8], ARGV[10])
return {'UPDATED', now_is[3], now .. '', suspended, closed}

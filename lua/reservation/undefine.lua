--[[
reservation/undefine: deletes definitions of resources that nobody holds anything of.

retry: never
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 version     the version of the definitions that the caller knows
  3 mode        L looks only, D deletes
  4.. names     children before their parents
REPLIES
  STALE value     the tenant's present status and epoch
  CLOSED          the tenant is closed
  SUSPENDED       the tenant is suspended
  CHANGED         the definitions have another version by now
  BEHIND          more is due than one call can expire
  HELD name       something is held of this one; nothing was deleted
  DELETED version   done, or could be; the version then
EVENTS
  stream entry X for a hold past its expiry; with mark h custom.resource.expired with it; a message on hf:ev with mark w
COMPLEXITY
  O(names * log definitions), at most 200 names
]]
--include <clock>
--include <tenant>
--include <reservation/overdue>
--include <reservation/definition>
--include <reservation/notice>

local tenant_key, tag, version, is_look = KEYS[2], ARGV[1], ARGV[2], ARGV[3] == 'L'
local call = redis.call
local stale = tenant.stale(tenant_key, tag)
if stale then return {'STALE', stale} end
local status = string.sub(tag, 1, 1)
if status == 'C' then return {'CLOSED'} end
if status == 'S' then return {'SUSPENDED'} end
local now, now_us = clock.now()
local told = notice.open(KEYS[1], tenant_key, tag)
local _, _, more = overdue.sweep(tenant_key, string.format('%d', now_us), now, now, 64)
notice.tell(told, now, now_us, '')
if more then return {'BEHIND'} end
local rows_key, version_key = tenant_key .. ':def', tenant_key .. ':dv'
if (call('GET', version_key) or '0') ~= version then return {'CHANGED'} end

call('ZCARD', tenant_key .. ':dl')
local rows = {}
for i = 4, #ARGV do
    local name = ARGV[i]
    local row = call('HGET', rows_key, name)
    if not row then return {'CHANGED'} end
    rows[i] = definition.parse(row)
    if call('EXISTS', tenant_key .. ':k:' .. name, tenant_key .. ':ph:' .. name, tenant_key .. ':an:' .. name) > 0 then
        return {'HELD', name}
    end
    local base = definition.slot(name)
    if base then call('ZCARD', tenant_key .. ':ds:' .. base) end
    if rows[i].parent ~= '' then call('ZCARD', tenant_key .. ':dc:' .. rows[i].parent) end
end
if is_look then return {'DELETED', version} end
for i = 4, #ARGV do
    local name, base = ARGV[i], definition.slot(ARGV[i])
    call('HDEL', rows_key, name)
    call('ZREM', tenant_key .. ':dl', name)
    if base then call('ZREM', tenant_key .. ':ds:' .. base, name) end
    if rows[i].parent ~= '' then call('ZREM', tenant_key .. ':dc:' .. rows[i].parent, name) end
end
call('INCR', version_key)
return {'DELETED', call('GET', version_key)}

--[[
reservation/renew: gives holds a new time to live from now on, each item on its own, in order.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 registered  1 if the tenant has registered resources, else 0
  3.. items     per item: requester, resource, release token (may be empty), ttl_ms
REPLIES
  STALE value   the tenant's present status and epoch
  CLOSED        the tenant is closed
  SUSPENDED     the tenant is suspended
  BEHIND        more is due than one call can expire
  ITEMS words..  per item: RENEWED, NOT_RESERVED, NOT_OWNER (right token, other requester) or BAD_TOKEN; and when
                 renewed expires_ms, fencing token, the name that is held, the record's extension (else empty)
EVENTS
  stream entry X for a hold found past its expiry; with mark h custom.resource.expired with it; a message on hf:ev with
  mark w
COMPLEXITY
  O(items * log holds), at most 64 items
]]
--include <clock>
--include <tenant>
--include <reservation/hold>
--include <reservation/overdue>
--include <reservation/find>
--include <reservation/notice>

local prefix, tenant_key, tag, is_registered = KEYS[1], KEYS[2], ARGV[1], ARGV[2] == '1'
local call = redis.call
local stale = tenant.stale(tenant_key, tag)
if stale then return {'STALE', stale} end
local status = string.sub(tag, 1, 1)
if status == 'C' then return {'CLOSED'} end
if status == 'S' then return {'SUSPENDED'} end

local now, now_us = clock.now()
local active_key, due_key = tenant_key .. ':act', prefix .. 'due'
hold.check_batch(prefix, tenant_key, ARGV, 3, 4)
local told = notice.open(prefix, tenant_key, tag)
-- Also what is asked for here may be over.
local _, _, more = overdue.sweep(tenant_key, string.format('%d', now_us), now, now, 64)
notice.tell(told, now, now_us, '')
if more and is_registered then return {'BEHIND'} end

local out = {'ITEMS'}
for i = 3, #ARGV, 4 do
    local requester, name, token, ttl_ms = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
    local word, unit, fields = find.judge(tenant_key, requester, name, token, now, is_registered)
    local expires, fence, extension = '', '', ''
    if word == 'RELINQUISHED' then
        word, expires, fence, extension = 'RENEWED', string.format('%d', now + ttl_ms), fields[2], fields[7]
        local hold_key = tenant_key .. ':k:' .. unit
        call('ZADD', active_key, expires, 'k' .. unit)
        call('ZADD', due_key, 'LT', expires, 'l' .. string.sub(tenant_key, #prefix + 3))
        call('SETRANGE', hold_key, 0, expires)
    else
        unit = ''
    end
    local n = #out
    out[n + 1], out[n + 2], out[n + 3], out[n + 4], out[n + 5] = word, expires, fence, unit, extension
end
return out

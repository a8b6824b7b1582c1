--[[
webhooks/create_subscription: a new subscription of a tenant or of the operator, which gets events from now on.

retry: keyed
KEYS
  1 prefix      the shard's prefix
  2 tenant      the owner's status letter and epoch; __system__ in a tenant's place for the operator
ARGV
  1 tag         the caller's cached value of KEYS[2], or empty for the admin key
  2 id          the new subscription's id
  3 content     sealed secrets, NUL, JSON of the terms
  4 asks        JSON of what the hot path is to look out for, or empty
  5 most        subscriptions an owner may have
  6 entry       JSON of the audit entry
  7 context     JSON of request and trace ids for the event
  8 payload     JSON of the event's data
REPLIES
  STALE value          the tenant's present status and epoch
  CREATED created_ms   done, or done before with this very id
  FULL                 the owner has as many subscriptions as it may have
  TOO_MANY             the owner's subscriptions would ask for too many different thresholds
  NO_TENANT            there is no such tenant
  CLOSED               the tenant is closed
EVENTS
  webhook.created
COMPLEXITY
  O(what the owner's subscriptions ask for, at most 81 things); about 35 calls
]]
--include <clock>
--include <guard>
--include <tenant>
--include <audit>
--include <outbox>
--include <webhooks/hooks>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call, id, name = redis.call, ARGV[2], string.sub(KEYS[2], #KEYS[1] + 3)
local rows_key = tenant_key .. ':wh'
local status = call('GET', tenant_key)
local old = call('HGET', rows_key, id)
if old then return {'CREATED', string.match(old, '^%u%z(%d+)') or ''} end
if ARGV[1] ~= '' and ARGV[1] ~= status then return {'STALE', status or ''} end
if not status and name ~= '__system__' then return {'NO_TENANT'} end
if status and string.sub(status, 1, 1) == 'C' then return {'CLOSED'} end
guard.types({rows_key, 'hash', tenant_key .. ':whl', 'zset', prefix .. 'whl', 'zset', prefix .. 'ids', 'hash',
    tenant_key .. ':wk', 'hash', tenant_key .. ':wc', 'hash', tenant_key .. ':p', 'hash'})
if call('HLEN', rows_key) >= ARGV[5] + 0 then return {'FULL'} end
local change = hooks.change(tenant_key, id, ARGV[4])
if change == false then return {'TOO_MANY'} end
guard.journal(prefix, tenant_key)
local now, now_us = clock.now()
if status then
    tenant.bump(tenant_key, now_us)
else
    call('SET', tenant_key, tenant.tag('A', '0', now_us))
end
call('HSET', rows_key, id, 'A\0' .. now .. '\0' .. now .. '\0' .. ARGV[3])
call('ZADD', tenant_key .. ':whl', now, id)
call('ZADD', prefix .. 'whl', now, id .. ':' .. name)
call('HSET', prefix .. 'ids', id, name)
if change then hooks.write(tenant_key, id, change, now_us) end
audit.append(prefix, tenant_key, now, now_us, ARGV[6])
outbox.append(prefix, tenant_key, now, now_us, 'webhook.created', ARGV[7], ARGV[8])
return {'CREATED', now .. ''}

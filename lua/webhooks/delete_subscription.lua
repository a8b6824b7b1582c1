--[[
webhooks/delete_subscription: ends a subscription. Deliveries that wait find no subscription and end by themselves.

retry: keyed
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
  2 tenant      the owner's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2], or empty for the admin key
  2 id          the subscription's id
  3 row         the row that the payload was made from
  4 entry       JSON of the audit entry; empty for one of many rows, whose action has the entry
  5 context     JSON of request and trace ids for the event
  6 payload     JSON of the event's data
  7 token       names the request: sent again by it, the call is told that it is done
REPLIES
  STALE value   the tenant's present status and epoch
  DELETED       done, or done before by this very request
  CHANGED row   the subscription is another by now
  NOT_FOUND     the owner has no such subscription
  CLOSED        the tenant is closed
EVENTS
  webhook.deleted
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
local call, id = redis.call, ARGV[2]
local KEEP_MS = 60000
local rows_key, gone_key = tenant_key .. ':wh', prefix .. 'wx:' .. id
local status = call('GET', tenant_key)
local row = call('HGET', rows_key, id)
if not row and call('GET', gone_key) == ARGV[7] then return {'DELETED'} end
if ARGV[1] ~= '' and ARGV[1] ~= status then return {'STALE', status or ''} end
if not row then return {'NOT_FOUND'} end
if row ~= ARGV[3] then return {'CHANGED', row} end
if string.sub(status or 'C', 1, 1) == 'C' then return {'CLOSED'} end
guard.types({tenant_key .. ':whl', 'zset', prefix .. 'whl', 'zset', prefix .. 'ids', 'hash',
    tenant_key .. ':wk', 'hash', tenant_key .. ':wc', 'hash', tenant_key .. ':p', 'hash'})
local change = hooks.change(tenant_key, id, '')
guard.journal(prefix, tenant_key)
local now, now_us = clock.now()
tenant.bump(tenant_key, now_us)
call('HDEL', rows_key, id)
call('SET', gone_key, ARGV[7], 'PX', KEEP_MS)
call('DEL', tenant_key .. ':wf:' .. id)
call('ZREM', tenant_key .. ':whl', id)
call('ZREM', prefix .. 'whl', id .. ':' .. string.sub(tenant_key, #prefix + 3))
call('HDEL', prefix .. 'ids', id)
if change then hooks.write(tenant_key, id, change, now_us) end
if ARGV[4] ~= '' then audit.append(prefix, tenant_key, now, now_us, ARGV[4]) end
outbox.append(prefix, tenant_key, now, now_us, 'webhook.deleted', ARGV[5], ARGV[6])
return {'DELETED'}

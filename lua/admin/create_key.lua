--[[
admin/create_key: a new API key of a tenant. The clear key never comes here, only its hash.

retry: keyed
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 key_id      the new key's id
  2 hash        64 hex digits: SHA-256 of the clear key
  3 lifetime_ms until it expires, ms, or 0 when expires_ms is given
  4 expires_ms  when it expires, ms since the epoch, or empty
  5 row         JSON: prefix, name, description, permissions, scope filter, metadata
  6 entry       JSON of the audit entry
  7 context     JSON of request and trace ids for the event
  8 payload     JSON of the event's data
REPLIES
  CREATED created_ms expires_ms   done, or done before with this very id and hash
  NO_TENANT                       there is no such tenant
  INACTIVE status                 the tenant's status letter is not A
EVENTS
  api_key.created
COMPLEXITY
  O(log keys of the shard + log events); about 35 calls
]]
--include <clock>
--include <guard>
--include <tenant>
--include <audit>
--include <outbox>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
local keys_key = tenant_key .. ':keys'
local status = call('GET', tenant_key)
if not status then return {'NO_TENANT'} end
local old = call('HGET', keys_key, ARGV[1])
if old then
    local hash, created, expires = string.match(old, '^(%x+)%z%u%z(%d+)%z(%d+)%z')
    if hash ~= ARGV[2] then error({err = 'CORRUPT API key row'}) end
    return {'CREATED', created, expires}
end
if string.sub(status, 1, 1) ~= 'A' then return {'INACTIVE', string.sub(status, 1, 1)} end
guard.types({keys_key, 'hash', prefix .. 'ids', 'hash', tenant_key .. ':kl', 'zset', prefix .. 'kl', 'zset'})
guard.journal(prefix, tenant_key)
local now, now_us = clock.now()
local expires = ARGV[4]
if expires == '' then expires = string.format('%.0f', now + ARGV[3]) end
tenant.bump(tenant_key)
call('HSET', keys_key, ARGV[1], ARGV[2] .. '\0A\0' .. now .. '\0' .. expires .. '\0' .. ARGV[5])
local name = string.sub(tenant_key, #prefix + 3)
call('HSET', prefix .. 'ids', ARGV[1], name)
call('ZADD', tenant_key .. ':kl', now, ARGV[1])
call('ZADD', prefix .. 'kl', now, ARGV[1] .. ':' .. name)
audit.append(prefix, tenant_key, now, now_us, ARGV[6])
outbox.append(prefix, tenant_key, now, now_us, 'api_key.created', ARGV[7], ARGV[8])
return {'CREATED', now .. '', expires}

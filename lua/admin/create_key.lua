--[[
admin/create_key: a new API key of a tenant. The clear key never comes here, only its hash.

retry: keyed
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 key_id      the new key's id
  2 hash        64 hex digits: SHA-256 of the clear key
  3 expires_ms  when it expires, ms since the epoch
  4 row         JSON: prefix, name, description, permissions, scope filter, metadata
  5 entry       JSON of the audit entry
  6 context     JSON of request and trace ids for the event
  7 payload     JSON of the event's data
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
guard.types({keys_key, 'hash', prefix .. 'ids', 'hash', tenant_key .. ':kl', 'zset', prefix .. 'kl', 'zset',
    tenant_key .. ':kx', 'zset', prefix .. 'due', 'zset'})
guard.journal(prefix, tenant_key)
local now, now_us = clock.now()
call('HSET', keys_key, ARGV[1], ARGV[2] .. '\0A\0' .. now .. '\0' .. ARGV[3] .. '\0' .. ARGV[4])
local name = string.sub(tenant_key, #prefix + 3)
call('HSET', prefix .. 'ids', ARGV[1], name)
call('ZADD', tenant_key .. ':kl', now, ARGV[1])
call('ZADD', tenant_key .. ':kx', ARGV[3], ARGV[1])
call('ZADD', prefix .. 'due', 'LT', ARGV[3], 'k' .. name)
call('ZADD', prefix .. 'kl', now, ARGV[1] .. ':' .. name)
audit.append(prefix, tenant_key, now, now_us, ARGV[5])
outbox.append(prefix, tenant_key, now, now_us, 'api_key.created', ARGV[6], ARGV[7])
return {'CREATED', now .. '', ARGV[3]}

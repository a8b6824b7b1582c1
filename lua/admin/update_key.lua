--[[
admin/update_key: new properties of an API key, in force from the next request on, unless somebody changed it meanwhile.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 key_id      the key's id
  2 row         the row that the new properties were made from
  3 json        JSON: prefix, name, description, permissions, scope filter, metadata
  4 entry       JSON of the audit entry
  5 context     JSON of request and trace ids for the event
  6 payload     JSON of the event's data; empty when neither permissions nor scope filter change
REPLIES
  UPDATED now              done
  CHANGED status row now   it is another by now; the tenant's status letter
  NOT_FOUND                the tenant has no such key
  CLOSED                   the tenant is closed
  REVOKED                  the key is revoked
  EXPIRED                  the key is past its end
EVENTS
  api_key.permissions_changed
COMPLEXITY
  O(log events); about 30 calls
]]
--include <clock>
--include <guard>
--include <tenant>
--include <audit>
--include <outbox>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
local keys_key, id = tenant_key .. ':keys', ARGV[1]
local status, row = call('GET', tenant_key), call('HGET', keys_key, id)
if not (status and row) then return {'NOT_FOUND'} end
local now, now_us = clock.now()
if row ~= ARGV[2] then return {'CHANGED', string.sub(status, 1, 1), row, now} end
if string.sub(status, 1, 1) == 'C' then return {'CLOSED'} end
local head, letter, expires = string.match(row, '^(%x+%z(%u)%z%d+%z(%d+)%z)')
if not head then error({err = 'CORRUPT API key row'}) end
if letter ~= 'A' then return {'REVOKED'} end
if expires + 0 <= now then return {'EXPIRED'} end
guard.journal(prefix, tenant_key)
tenant.bump(tenant_key, now_us)
call('HSET', keys_key, id, head .. ARGV[3])
audit.append(prefix, tenant_key, now, now_us, ARGV[4])
if ARGV[6] ~= '' then
    outbox.append(prefix, tenant_key, now, now_us, 'api_key.permissions_changed', ARGV[5], ARGV[6])
end
return {'UPDATED', now .. ''}

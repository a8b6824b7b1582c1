--[[
admin/revoke_key: ends an API key for good, from the next request on, unless somebody changed it meanwhile.

A call that comes again after its reply was lost finds the row that it made, and says so: whoever else revoked the same
row for the same reason did what this call was to do.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 key_id      the key's id
  2 row         the row that the event was made from
  3 reason      JSON string, or empty
  4 entry       JSON of the audit entry
  5 context     JSON of request and trace ids for the event
  6 payload     JSON of the event's data
REPLIES
  REVOKED now              done, or done before with this reason
  CHANGED status row now   it is another by now; the tenant's status letter
  NOT_FOUND                the tenant has no such key
  CLOSED                   the tenant is closed
  ALREADY                  it was revoked before
EVENTS
  api_key.revoked
COMPLEXITY
  O(log events); about 30 calls
]]
--include <clock>
--include <guard>
--include <tenant>
--include <audit>
--include <outbox>
--include <admin/key_row>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
local keys_key, id = tenant_key .. ':keys', ARGV[1]
local status, row = call('GET', tenant_key), call('HGET', keys_key, id)
if not (status and row) then return {'NOT_FOUND'} end
local now, now_us = clock.now()
if row ~= ARGV[2] then
    local revoked_ms = key_row.parse(ARGV[2]) == 'A' and string.match(row, '%z(%d+)%z%Z*$')
    if revoked_ms and row == key_row.revoked(ARGV[2], revoked_ms, ARGV[3]) then return {'REVOKED', revoked_ms} end
    return {'CHANGED', string.sub(status, 1, 1), row, now}
end
if string.sub(status, 1, 1) == 'C' then return {'CLOSED'} end
local letter = key_row.parse(row)
if not letter then error({err = 'CORRUPT API key row'}) end
if letter ~= 'A' then return {'ALREADY'} end
guard.journal(prefix, tenant_key)
tenant.bump(tenant_key, now_us)
call('HSET', keys_key, id, key_row.revoked(row, now, ARGV[3]))
audit.append(prefix, tenant_key, now, now_us, ARGV[4])
outbox.append(prefix, tenant_key, now, now_us, 'api_key.revoked', ARGV[5], ARGV[6])
return {'REVOKED', now .. ''}

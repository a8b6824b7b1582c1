--[[
admin/policies: the policies of a tenant, all or one.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2], or empty for the admin key
  2 policy_id   the one wanted, or empty for all
REPLIES
  STALE value       the tenant's present status and epoch
  NO_TENANT         there is no such tenant
  POLICIES rows..   id and row of each; a row is created_ms, updated_ms, name, terms divided by NUL
EVENTS
  none
COMPLEXITY
  O(policies of the tenant); 2 calls
]]
local tenant_key = KEYS[2]
local status = redis.call('GET', tenant_key)
if ARGV[1] ~= '' and ARGV[1] ~= status then return {'STALE', status or ''} end
if not status then return {'NO_TENANT'} end
if ARGV[2] == '' then return {'POLICIES', unpack(redis.call('HGETALL', tenant_key .. ':pol'))} end
local row = redis.call('HGET', tenant_key .. ':pol', ARGV[2])
if not row then return {'POLICIES'} end
return {'POLICIES', ARGV[2], row}

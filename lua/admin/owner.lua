--[[
admin/owner: the tenant that an API key's or policy's id belongs to, for the operator, whose requests name no tenant.

retry: safe
flags: no-writes
KEYS
  1 prefix      the prefix of the shard that the id names
ARGV
  1 id          the id
REPLIES
  OWNER tenant  its tenant
  NOT_FOUND     there is no such id
EVENTS
  none
COMPLEXITY
  O(1); 1 call
]]
local tenant = redis.call('HGET', KEYS[1] .. 'ids', ARGV[1])
if not tenant then return {'NOT_FOUND'} end
return {'OWNER', tenant}

--[[
admin/get_setting: a setting of a tenant that is kept as one JSON text in its profile.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 field       limits or jwt_keys
REPLIES
  SETTING json  what is stored, empty when nothing is
  NO_TENANT     there is no such tenant
EVENTS
  none
COMPLEXITY
  O(1); 2 calls
]]
if not redis.call('GET', KEYS[2]) then return {'NO_TENANT'} end
return {'SETTING', redis.call('HGET', KEYS[2] .. ':p', ARGV[1]) or ''}

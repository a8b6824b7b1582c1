--[[
admin/authenticate: what a server caches about a tenant and one of its API keys.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 key_id      the API key's id, or empty to load the tenant alone
REPLIES
  LOADED tag row name terms now policies..  the tag to cache under, the key's row (empty when there is none), the
                                            tenant's profile, the time in ms; id and row of each of its policies
  NO_TENANT                                 there is no such tenant
EVENTS
  none
COMPLEXITY
  O(policies of the tenant); 5 calls
]]
--include <clock>

local tenant_key = KEYS[2]
local tag = redis.call('GET', tenant_key)
if not tag then return {'NO_TENANT'} end
local profile = redis.call('HMGET', tenant_key .. ':p', 'name', 'terms')
if not (profile[1] and profile[2]) then error({err = 'CORRUPT tenant profile'}) end
local row = ''
if ARGV[1] ~= '' then row = redis.call('HGET', tenant_key .. ':keys', ARGV[1]) or '' end
local now = clock.now()
return {'LOADED', tag, row, profile[1], profile[2], now, unpack(redis.call('HGETALL', tenant_key .. ':pol'))}

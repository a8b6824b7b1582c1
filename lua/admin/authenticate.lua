--[[
admin/authenticate: what a server caches about a tenant and one of its API keys.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 key_id      the API key's id, that of a short-lived token, or empty to load the tenant alone
REPLIES
  LOADED tag row name terms now limits registered hooks policies..  the tag to cache under, the key's row (empty when
                                            there is none), the tenant's profile, the time in ms, its quotas as JSON
                                            (empty for none), 1 if it has registered resources, else 0; what its
                                            subscriptions ask for as JSON (empty for nothing); id and row of each of its
                                            policies
  NO_TENANT                                 there is no such tenant
EVENTS
  none
COMPLEXITY
  O(policies of the tenant); 6 calls
]]
--include <clock>
--include <admin/session>

local tenant_key = KEYS[2]
local tag = redis.call('GET', tenant_key)
if not tag then return {'NO_TENANT'} end
local profile = redis.call('HMGET', tenant_key .. ':p', 'name', 'terms', 'limits', 'hooks')
if not (profile[1] and profile[2]) then error({err = 'CORRUPT tenant profile'}) end
local now = clock.now()
local row = nil
if string.sub(ARGV[1], 1, 5) == 'sess_' then
    row = session.row(tenant_key, ARGV[1], now)
elseif ARGV[1] ~= '' then
    row = redis.call('HGET', tenant_key .. ':keys', ARGV[1])
end
local is_registered = redis.call('EXISTS', tenant_key .. ':def')
return {'LOADED', tag, row or '', profile[1], profile[2], now, profile[3] or '', is_registered,
    profile[4] or '', unpack(redis.call('HGETALL', tenant_key .. ':pol'))}

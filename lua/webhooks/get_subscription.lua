--[[
webhooks/get_subscription: a subscription and what became of its deliveries lately.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
  2 tenant      the owner's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2], or empty for the admin key
  2 id          the subscription's id
REPLIES
  STALE value                    the tenant's present status and epoch
  SUBSCRIPTION letter row f..    the owner's status letter and the row; failures in a row, and the times of the last
                                 delivery, success and failure, ms or empty
  NOT_FOUND                      the owner has no such subscription
EVENTS
  none
COMPLEXITY
  O(1); 3 calls
]]
--include <webhooks/facts>

local tenant_key = KEYS[2]
local status = redis.call('GET', tenant_key)
if ARGV[1] ~= '' and ARGV[1] ~= status then return {'STALE', status or ''} end
local row = redis.call('HGET', tenant_key .. ':wh', ARGV[2])
if not row then return {'NOT_FOUND'} end
return facts.append({'SUBSCRIPTION', string.sub(status or '', 1, 1), row}, tenant_key, ARGV[2])

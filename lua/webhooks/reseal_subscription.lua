--[[
webhooks/reseal_subscription: puts the same secrets, sealed under another key, into a subscription's row, unless they
were changed meanwhile. Nothing else of the row changes, and no server's cache grows stale: nobody sees a difference but
whoever opens the secrets.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the owner's status letter and epoch
ARGV
  1 id          the subscription's id
  2 old         the sealed secrets as they were read
  3 new         what takes their place
REPLIES
  RESEALED      done, or found done
  CHANGED       other secrets are stored by now
  NOT_FOUND     the owner has no such subscription
EVENTS
  none
COMPLEXITY
  O(bytes of the row); 2 calls
]]
local tenant_key, id, old, new = KEYS[2], ARGV[1], ARGV[2], ARGV[3]
local rows_key = tenant_key .. ':wh'
local row = redis.call('HGET', rows_key, id)
if not row then return {'NOT_FOUND'} end
local head, sealed, terms = string.match(row, '^(%Z*%z%Z*%z%Z*%z)(%Z*)(%z.*)$')
if sealed and sealed == new then return {'RESEALED'} end
if not sealed or sealed ~= old then return {'CHANGED'} end
redis.call('HSET', rows_key, id, head .. new .. terms)
return {'RESEALED'}

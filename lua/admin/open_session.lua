--[[
admin/open_session: the row of a short-lived token that stands for an API key, or for a JWT that was verified.

The row ends by itself, and says what it depends on: the API key that it was got with, or the key that the JWT was
verified with. Once that is gone, the token opens nothing any more.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 session_id  begins with sess_
  2 hash        64 hex digits: SHA-256 of the token
  3 life_ms     how long it is good, ms
  4 json        JSON of a key's row: name, permissions, scope filter
  5 jwk         the verification key, JSON as it is stored, or empty
  6 key_id      the id of the API key, or empty
REPLIES
  OPENED        the row is there
  GONE          the tenant is gone or closed, or what the token depends on is
EVENTS
  none
COMPLEXITY
  O(1); 5 calls
]]
--include <clock>
--include <admin/session>

local tenant_key, id, life_ms = KEYS[2], ARGV[1], ARGV[3]
local call = redis.call
local now = clock.now()
if not session.stands(tenant_key, ARGV[5], ARGV[6], now) then return {'GONE'} end
local session_key = tenant_key .. ':s:' .. id
local expires = string.format('%d', now + life_ms)
call('HSET', session_key, 'row', ARGV[2] .. '\0A\0' .. now .. '\0' .. expires .. '\0' .. ARGV[4], 'jwk', ARGV[5],
    'key', ARGV[6])
call('PEXPIRE', session_key, life_ms)
return {'OPENED'}

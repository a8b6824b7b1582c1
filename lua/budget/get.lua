--[[
budget/get: one reservation's record, and Redis' time to judge its state by.

retry: safe
flags: no-writes
KEYS
  1 prefix      the prefix of the shard that the id names
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]; empty for the operator, who has none
  2 h           names the record
  3 created_ms  13 digits, from the reservation id
REPLIES
  STALE value        the tenant's present status and epoch; never for the operator
  FOUND record now   now in ms
  NOT_FOUND          no such reservation; or, for the operator, no such tenant
  FOREIGN            it belongs to another tenant
EVENTS
  none
COMPLEXITY
  O(1); 3 calls
]]
--include <clock>
--include <budget/record>

local prefix, tenant_key = KEYS[1], KEYS[2]
local status = redis.call('GET', tenant_key)
if ARGV[1] == '' then
    if not status then return {'NOT_FOUND'} end
elseif status ~= ARGV[1] then
    return {'STALE', status or ''}
end
local key = prefix .. 'r:' .. ARGV[2]
local rec = redis.call('GET', key)
if not rec or string.sub(rec, 2, 14) ~= ARGV[3] or string.sub(rec, 1, 1) == 'D' then return {'NOT_FOUND'} end
local _, _, _, _, name, path = record.parse(rec)
if not path then error({err = 'CORRUPT reservation ' .. key}) end
if name ~= string.sub(tenant_key, #prefix + 3) then return {'FOREIGN'} end
return {'FOUND', rec, (clock.now())}

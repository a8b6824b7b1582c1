--[[
budget/release: gives the whole reserved amount back to its ledgers and ends the reservation.

retry: keyed
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 h           names the record
  3 created_ms  13 digits, from the reservation id
  4 key         22 characters: hash of the concrete path and the idempotency key
  5 fingerprint 22 characters: hash of the canonical request
  6 keep_ms     lifetime of the finished record, ms
  7 reason      JSON string of the reason, or empty
REPLIES
  STALE value           the tenant's present status and epoch
  RELEASED record now   done
  REPLAYED record now   the same key and request as before
  MISMATCH              the same key with another request
  NOT_FOUND             no such reservation
  FOREIGN               it belongs to another tenant
  CLOSED                the tenant is closed
  FINALIZED             already committed or released
  EXPIRED               past expires_at_ms + grace_period_ms
EVENTS
  none
COMPLEXITY
  O(ledgers + log live reservations); 1 GET a ledger, 6 further calls
]]
--include <clock>
--include <tenant>
--include <budget/ledger>
--include <budget/record>

local prefix, tenant_key = KEYS[1], KEYS[2]
local tag, h = ARGV[1], ARGV[2]
local call = redis.call

local stale = tenant.stale(tenant_key, tag)
if stale then return {'STALE', stale} end

local key = prefix .. 'r:' .. h
local rec = call('GET', key)
if not rec or string.sub(rec, 2, 14) ~= ARGV[3] or string.byte(rec) == 68 then return {'NOT_FOUND'} end
local amount, unit, _, _, name, path, opening = record.open(rec, key)
if name ~= string.sub(tenant_key, #prefix + 3) then return {'FOREIGN'} end
local now = clock.now()
local state = string.sub(rec, 1, 1)
if state ~= 'A' and string.sub(rec, 81, 102) == ARGV[4] then
    if string.sub(rec, 103, 124) ~= ARGV[5] then return {'MISMATCH'} end
    return {'REPLAYED', rec, now}
end
if string.byte(tag) == 67 then return {'CLOSED'} end
if state == 'C' or state == 'R' then return {'FINALIZED'} end
if state ~= 'A' and state ~= 'X' then return {'NOT_FOUND'} end
if state == 'X' or now > string.sub(rec, 15, 27) + string.sub(rec, 28, 32) then return {'EXPIRED'} end

local base, writes, n, snapshot = tenant_key .. ':l:' .. unit .. ':', {}, 0, ''
for length in record.lengths(opening) do
    local ledger_key = base .. string.sub(path, 1, length + 0)
    local v = call('GET', ledger_key)
    local given = v and ledger.give_back(v, amount)
    if not given then ledger.corrupt(ledger_key) end
    writes[n + 1], writes[n + 2], n = ledger_key, given, n + 2
    snapshot = snapshot .. length .. ' ' .. v .. ' p;'
end
local failure, final = record.finish(prefix, tenant_key, h, rec, 'R', now, ARGV[4] .. ARGV[5], '\0\0\0\0\0\0\0\0',
    '\0' .. '0' .. '\0' .. snapshot .. '\0' .. ARGV[7], ARGV[6])
if failure then return redis.error_reply(failure) end
call('MSET', unpack(writes))
return {'RELEASED', final, now}

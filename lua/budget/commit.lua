--[[
budget/commit: books the actual amount of a reservation in its ledgers and ends it.

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
  6 actual      decimal int64 >= 0
  7 bytes       the same, eight big-endian bytes
  8 unit        unit letter
  9 keep_ms     lifetime of the finished record, ms
  10 metadata   JSON of the commit metadata, or empty
REPLIES
  STALE value            the tenant's present status and epoch
  COMMITTED record now   done
  REPLAYED record now    the same key and request as before
  MISMATCH               the same key with another request
  NOT_FOUND              no such reservation
  FOREIGN                it belongs to another tenant
  CLOSED                 the tenant is closed
  FINALIZED              already committed or released
  EXPIRED                past expires_at_ms + grace_period_ms
  UNIT unit              the reservation's unit letter is another
  DENIED reason path     CLOSED (ledger), EXCEEDED (policy reject) or OVERDRAFT; path of the scope
  BEHIND                 a scope is short while reservations of this tenant wait to be expired
EVENTS
  none
COMPLEXITY
  O(ledgers + log live reservations); 1 GET a ledger, 6 further calls
]]
--include <clock>
--include <tenant>
--include <budget/ledger>
--include <budget/record>
--include <budget/overage>

local prefix, tenant_key = KEYS[1], KEYS[2]
local tag, h, actual = ARGV[1], ARGV[2], ARGV[6]
local call = redis.call

local stale = tenant.stale(tenant_key, tag)
if stale then return {'STALE', stale} end

local key = prefix .. 'r:' .. h
local rec = call('GET', key)
if not rec or string.sub(rec, 2, 14) ~= ARGV[3] or string.byte(rec) == 68 then return {'NOT_FOUND'} end
local amount, unit, policy, _, name, path, opening = record.open(rec, key)
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
if unit ~= ARGV[8] then return {'UNIT', unit} end

local base, keys, texts, lengths, n = tenant_key .. ':l:' .. unit .. ':', {}, {}, {}, 0
for length in record.lengths(opening) do
    n = n + 1
    local scope = string.sub(path, 1, length + 0)
    local v = call('GET', base .. scope)
    if not v then ledger.corrupt(base .. scope) end
    if string.find(v, 'C', 1, true) then return {'DENIED', 'CLOSED', scope} end
    keys[n], texts[n], lengths[n] = base .. scope, v, length
end

local outcome, charged, bytes, effects, results = overage.settle(texts, amount, actual, policy)
if outcome == 'OVERDRAFT' or (outcome == 'OK' and string.find(table.concat(effects), '[ko]')) then
    -- A scope is short: amounts of reservations that wait to be expired must not make it so.
    local first = call('ZRANGE', tenant_key .. ':due', 0, 0, 'WITHSCORES')
    if first[2] and first[2] + 0 < now then return {'BEHIND'} end
end
if outcome == 'CORRUPT' then ledger.corrupt(keys[charged]) end
if outcome ~= 'OK' then return {'DENIED', outcome, string.sub(keys[charged], #base + 1)} end

local tail = '\0' .. charged .. '\0'
for i = 1, n do tail = tail .. lengths[i] .. ' ' .. texts[i] .. ' ' .. effects[i] .. ';' end
local writes = {}
local failure, final = record.finish(prefix, tenant_key, h, rec, 'C', now, ARGV[4] .. ARGV[5], bytes or ARGV[7],
    tail .. '\0' .. ARGV[10], ARGV[9])
if failure then return redis.error_reply(failure) end
for i = 1, n do writes[2 * i - 1], writes[2 * i] = keys[i], results[i] end
call('MSET', unpack(writes))
return {'COMMITTED', final, now}

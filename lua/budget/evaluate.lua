--[[
budget/evaluate: what a reservation would be answered, moving nothing; the answer itself is kept for replays.

retry: keyed
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 h           22 characters: hash of install, tenant, endpoint and idempotency key; names the record
  3 fingerprint 22 characters: hash of the canonical request
  4 amount      estimate, decimal int64 >= 0
  5 unit        unit letter
  6 ttl_ms      effective time to live, ms
  7 grace_ms    5 digits, ms
  8 policy      overage policy letter
  9 terms       decision letter, ttl_ms in 8 digits, extensions allowed
  10 keep_ms    how long the answer is kept, ms
  11 details    JSON of idempotency key, subject, action, metadata and caps, divided by NUL
  12 lengths    3 digits for each scope: its length
  13 caught_up_ms where the caller's last sweep got to (now of budget/expire), 13 digits; 0 without one
  14 telling    thresholds and context of events (lua/budget/include/tell.lua); empty to tell of none
  15.. scopes   derived scope paths, root first
REPLIES
  STALE value            the tenant's present status and epoch
  EVALUATED record now   the answer; the last section of the record is the refusal's reason code, empty when allowed
  REPLAYED record now    the same key and request as before
  MISMATCH               the same key with another request
  UNIT scope units       no ledger in this unit; index of the deepest scope that has others, and their letters
  BEHIND                 short of room while reservations of this tenant wait to be expired, due before caught_up_ms
EVENTS
  reservation.denied, up to ten a second for each scope and reason
COMPLEXITY
  O(scopes); 1 GET a ledger, 5 further calls
]]
--include <clock>
--include <tenant>
--include <budget/assess>
--include deferred <budget/tell>

local prefix, tenant_key = KEYS[1], KEYS[2]
local tag, h, amount, unit = ARGV[1], ARGV[2], ARGV[4], ARGV[5]
local stale = tenant.stale(tenant_key, tag)
if stale then return {'STALE', stale} end

local record_key = prefix .. 'r:' .. h
local now = clock.now()
local old = redis.call('GET', record_key)
if old then
    if string.sub(old, 46, 67) ~= ARGV[3] then return {'MISMATCH'} end
    return {'REPLAYED', old, now}
end
local base = tenant_key .. ':l:' .. unit .. ':'
local reason, at_scope, _, _, snapshot = assess.scopes(base, amount, ARGV[12], ARGV, 15)
local status = string.byte(tag)
local is_active = status ~= 67 and status ~= 83
-- The tenant's status comes before its budgets (runtime digest 1.0, 10.3).
if is_active and reason == 'NOBUDGET' then
    local scope, units = assess.other_units(tenant_key, unit, ARGV, 15)
    if scope then return {'UNIT', scope, units} end
end
if is_active and reason == 'EXCEEDED' then
    local at = redis.call('ZRANGE', tenant_key .. ':due', 0, 0, 'WITHSCORES')[2]
    if at and at + 0 < now and (ARGV[13] == '0' or at + 0 < ARGV[13] + 0) then return {'BEHIND'} end
end
local code = reason and assess.code(reason) or ''
if status == 67 then code = 'TENANT_CLOSED' end
if status == 83 then code = 'TENANT_SUSPENDED' end

local record = 'D' .. now .. (now + ARGV[6]) .. ARGV[7] .. '000' .. '0000000000' .. ARGV[3] .. amount .. '\0' .. unit
    .. ARGV[8] .. ARGV[9] .. '\0' .. string.sub(tenant_key, #prefix + 3) .. '\0' .. ARGV[#ARGV] .. '\0' .. snapshot
    .. '\0' .. ARGV[11] .. '\0' .. code
local teller = nil
if code ~= '' and ARGV[14] ~= '' then
    local _, now_us = clock.now()
    teller = tell().open(prefix, tenant_key, now, now_us, ARGV[14])
end
redis.call('SET', record_key, record, 'PX', ARGV[10])
if teller then
    -- A refusal that no ledger made is about the deepest scope.
    local is_ledger = is_active and reason ~= 'NOBUDGET'
    local path, left = is_ledger and ARGV[15 + at_scope] or ARGV[#ARGV], ''
    if is_ledger then
        local a, r, s, d = string.match(redis.call('GET', base .. path), '^(%d+) (%d+) (%d+) (%d+)')
        local _, text = teller.remaining(a, r, s, d)
        left = text
    end
    local subject, action = string.match(ARGV[11], '^%Z*%z(%Z*)%z(%Z*)')
    teller.denied(unit, path, code, amount, left, action or '', subject or '')
end
return {'EVALUATED', record, now}

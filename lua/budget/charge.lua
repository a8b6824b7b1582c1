--[[
budget/charge: books an amount in every budgeted scope of a subject, all or none, without a reservation before it.

retry: keyed
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 h           22 characters: hash of install, tenant, endpoint and idempotency key; names the record
  3 fingerprint 22 characters: hash of the canonical request
  4 actual      decimal int64 >= 0
  5 unit        unit letter
  6 policy      overage policy letter asked for or set by a policy, or empty
  7 fallback    overage policy letter when neither that nor the deepest budgeted ledger names one
  8 keep_ms     how long the record, and with it the idempotency key, is kept, ms
  9 lengths     3 digits for each scope: its length
  10 caught_up_ms where the caller's last sweep got to (now of budget/expire), 13 digits; 0 without one
  11 telling    thresholds and context of events (lua/budget/include/tell.lua); empty to tell of none
  12.. scopes   derived scope paths, root first
REPLIES
  STALE value           the tenant's present status and epoch
  CHARGED record now    done; now in ms
  REPLAYED record now   the same key and request as before
  MISMATCH              the same key with another request
  CLOSED                the tenant is closed
  SUSPENDED             the tenant is suspended
  NOBUDGET              no scope has a ledger in any unit
  UNIT scope units      no ledger in this unit; index of the deepest scope that has others, and their letters
  DENIED reason scope   CLOSED or FROZEN (ledger), EXCEEDED (policy reject) or OVERDRAFT; index of the scope
  BEHIND                a scope is short while reservations of this tenant wait to be expired, due before caught_up_ms
EVENTS
  budget.debt_incurred, budget.over_limit_entered, budget.threshold_crossed, budget.exhausted
COMPLEXITY
  O(scopes); 1 GET a ledger, 6 further calls
]]
--include <clock>
--include <tenant>
--include <budget/assess>
--include <budget/overage>
--include deferred <budget/tell>

local prefix, tenant_key = KEYS[1], KEYS[2]
local tag, actual, unit, caught_up = ARGV[1], ARGV[4], ARGV[5], ARGV[10]
local call, FIRST = redis.call, 12
local stale = tenant.stale(tenant_key, tag)
if stale then return {'STALE', stale} end

local record_key = prefix .. 'v:' .. ARGV[2]
local now = clock.now()
local old = call('GET', record_key)
if old then
    if string.sub(old, 14, 35) ~= ARGV[3] then return {'MISMATCH'} end
    return {'REPLAYED', old, now}
end
local status = string.byte(tag)
if status == 67 then return {'CLOSED'} end
if status == 83 then return {'SUSPENDED'} end

local base, keys, texts, places, letters, closed, frozen = tenant_key .. ':l:' .. unit .. ':', {}, {}, {}, '', nil, nil
for i = FIRST, #ARGV do
    local v = call('GET', base .. ARGV[i])
    if v then
        local n = #keys + 1
        keys[n], texts[n], places[n] = base .. ARGV[i], v, i - FIRST
        letters = string.match(v, ' ([CFO]*[0rio])$') or ''
        if string.find(letters, 'C', 1, true) then closed = closed or i - FIRST end
        if string.find(letters, 'F', 1, true) then frozen = frozen or i - FIRST end
    elseif call('ZSCORE', tenant_key .. ':bud', ARGV[i] .. '\0' .. unit) then
        -- A budget whose ledger is gone must not be taken for no budget.
        error({err = 'CORRUPT ledger ' .. base .. ARGV[i]})
    end
end
if #keys == 0 then
    local scope, units = assess.other_units(tenant_key, unit, ARGV, FIRST)
    if scope then return {'UNIT', scope, units} end
    return {'NOBUDGET'}
end
-- One class of refusal in every scope before the next (decision A24). Debt and the over-limit flag stop reservations,
-- not what has happened already (runtime digest 1.9).
if closed then return {'DENIED', 'CLOSED', closed} end
if frozen then return {'DENIED', 'FROZEN', frozen} end

local policy = ARGV[6]
if policy == '' then
    local own = string.sub(letters, -1)
    policy = own == '0' and ARGV[7] or string.upper(own)
end
-- Without a reservation before it, reject means: unless there is room (runtime digest 2.12).
local outcome, charged, _, effects, results = overage.settle(texts, '0', actual, policy == 'R' and 'F' or policy)
if outcome == 'CORRUPT' then error({err = 'CORRUPT ledger ' .. keys[charged]}) end
if outcome ~= 'OK' or string.find(table.concat(effects), '[ko]') then
    -- A scope is short: amounts of reservations that wait to be expired must not make it so.
    local at = call('ZRANGE', tenant_key .. ':due', 0, 0, 'WITHSCORES')[2]
    if at and at + 0 < now and (caught_up == '0' or at + 0 < caught_up + 0) then return {'BEHIND'} end
end
if outcome ~= 'OK' then return {'DENIED', outcome, places[charged]} end

local writes, snapshot, ledgers, paths = {}, '', {}, {}
for i = 1, #keys do
    paths[i] = string.sub(keys[i], #base + 1)
    ledgers[i] = {path = paths[i], before = texts[i], after = results[i], effect = effects[i]}
    writes[2 * i - 1], writes[2 * i] = keys[i], results[i]
    snapshot = snapshot .. string.sub(ARGV[9], 3 * places[i] + 1, 3 * places[i] + 3) .. ' ' .. texts[i] .. ' '
        .. effects[i] .. ';'
end
local record = now .. ARGV[3] .. actual .. '\0' .. unit .. policy .. '\0' .. string.sub(tenant_key, #prefix + 3) .. '\0'
    .. ARGV[#ARGV] .. '\0' .. charged .. '\0' .. snapshot
local _, now_us = clock.now()
local teller = ARGV[11] ~= '' and tell().open(prefix, tenant_key, now, now_us, ARGV[11])
call('SET', record_key, record, 'PX', ARGV[8])
call('MSET', unpack(writes))
if not teller then return {'CHARGED', record, now} end
local id = 'evt_' .. string.sub(prefix, 5, 6) .. string.format('%011x', now) .. ARGV[2]
teller.settled(id, unit, ARGV[#ARGV], policy, '0', actual, ledgers)
teller.spent(unit, paths, charged)
return {'CHARGED', record, now}

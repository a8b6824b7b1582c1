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
  7 caught_up_ms where the caller's last sweep got to (now of budget/expire), 13 digits; 0 without one; where policies
                limit commits followed by a line for each that may count, first to count first: pattern, space, commits
                a minute or 0 for no limit, space, the policy's id
  8 unit        unit letter
  9 keep_ms     lifetime of the finished record, ms
  10 metadata   JSON of the commit metadata, or empty
  11 telling    thresholds and context of events (lua/budget/include/tell.lua); empty to tell of none
  12.. filter   scope filter of the caller's API key, each kind:id or kind:*; none for every scope
REPLIES
  STALE value            the tenant's present status and epoch
  COMMITTED record now   done
  REPLAYED record now    the same key and request as before
  MISMATCH               the same key with another request
  NOT_FOUND              no such reservation
  FOREIGN                it belongs to another tenant
  OUT_OF_SCOPE           no segment of its path is named by the filter
  CLOSED                 the tenant is closed
  FINALIZED              already committed or released
  EXPIRED                past expires_at_ms + grace_period_ms
  UNIT unit              the reservation's unit letter is another
  LIMITED reset now      a policy allows no more commits until reset, both ms
  DENIED reason path     CLOSED (ledger), EXCEEDED (policy reject) or OVERDRAFT; path of the scope
  BEHIND                 a scope is short while reservations of this tenant wait to be expired, due before caught_up_ms
EVENTS
  reservation.commit_overage, budget.debt_incurred, budget.over_limit_entered, budget.threshold_crossed,
  budget.exhausted
COMPLEXITY
  O(ledgers + log live reservations); 1 GET a ledger, 6 further calls
]]
--include <budget/record>
--include <budget/overage>
--include deferred <budget/tell>

-- Hot: clock and tenant are written out below, because a closure costs 0.1 us in every call; and so is what nearly
-- every commit is: at most the amount reserved, ledgers without flags, numbers below 2^53. The others go to overage.
local prefix, tenant_key = KEYS[1], KEYS[2]
local tag, h, actual = ARGV[1], ARGV[2], ARGV[6]
local call, sub, EXACT = redis.call, string.sub, 9007199254740992

local current = call('GET', tenant_key)
if current ~= tag then return {'STALE', current or ''} end

local key = prefix .. 'r:' .. h
local rec = call('GET', key)
local state = rec and sub(rec, 1, 1)
if not rec or state == 'D' or sub(rec, 2, 14) ~= ARGV[3] then return {'NOT_FOUND'} end
local amount, unit, policy, _, name, path, opening = record.parse(rec)
if not path then error({err = 'CORRUPT reservation ' .. key}) end
if name ~= sub(tenant_key, #prefix + 3) then return {'FOREIGN'} end
if #ARGV > 11 and not record.within(path, ARGV, 12) then return {'OUT_OF_SCOPE'} end
local time = call('TIME')
local now_text = time[1] .. sub('00000' .. time[2], -6, -4)
local now = now_text + 0
if state ~= 'A' and sub(rec, 81, 102) == ARGV[4] then
    if sub(rec, 103, 124) ~= ARGV[5] then return {'MISMATCH'} end
    return {'REPLAYED', rec, now}
end
if string.byte(tag) == 67 then return {'CLOSED'} end
if state == 'C' or state == 'R' then return {'FINALIZED'} end
if state ~= 'A' and state ~= 'X' then return {'NOT_FOUND'} end
if state == 'X' or now > sub(rec, 15, 27) + sub(rec, 28, 32) then return {'EXPIRED'} end
if unit ~= ARGV[8] then return {'UNIT', unit} end
local rate_key = nil
if #ARGV[7] > 13 then
    for pattern, most, policy_id in string.gmatch(ARGV[7], '\n(%S+) (%d+) (%S+)') do
        local stem = sub(pattern, 1, -2)
        local fits = path == pattern
        if sub(pattern, -1) == '*' then
            fits = #path > #stem and sub(path, 1, #stem) == stem
                and (sub(stem, -1) == '/' or not string.find(path, '/', #stem + 1, true))
        end
        if fits then
            local minute = math.floor(now / 60000)
            if most == '0' then break end
            rate_key = tenant_key .. ':rl:' .. policy_id .. ':c:' .. minute
            local used = call('GET', rate_key)
            if used and (#used > 15 or not string.find(used, '^%d+$')) then
                error({err = 'CORRUPT counter ' .. rate_key})
            end
            if used and used + 0 >= most + 0 then return {'LIMITED', minute * 60000 + 60000, now} end
            break
        end
    end
end

-- Each ledger's key is a beginning of the deepest one. The table has room for three, so that it seldom need grow.
local base, writes, n, snapshot = tenant_key .. ':l:' .. unit .. ':', {nil, nil, nil, nil, nil, nil}, 0, ''
local deepest_key, base_length = base .. path, #base
local reserved, charged, bytes = amount + 0, actual + 0, nil
local plain = charged <= reserved and reserved < EXACT
local telling = ARGV[11]
local least, results = string.byte(telling) == 48 and string.match(telling, '^[%d.]+') + 0 or 0.8, nil
-- Whether there may be something to tell: spending that is counted, or ledgers that are used much.
local near = string.find(telling, '^[^\n]*b') ~= nil
if plain then
    bytes = struct.pack('>I8', charged)
    local match, format = string.match, string.format
    for length in string.gmatch(opening, record.LENGTHS) do
        local ledger_key = sub(deepest_key, 1, base_length + length)
        local v = call('GET', ledger_key)
        local a, r, s, rest = match(v or '', '^(%d+) (%d+) (%d+)( %d+ %d+ [0rio])$')
        -- With so few characters no amount has more than 18 digits.
        if not a or #a > 18 or #rest > 23 then plain = false break end
        local held, spent = r + 0, s + charged
        if held >= EXACT or held < reserved or spent >= EXACT then plain = false break end
        writes[n + 1], n = ledger_key, n + 2
        writes[n] = format('%s %d %d%s', a, held - reserved, spent, rest)
        local used = held + s
        -- Past the usual shares, when nobody asks for others, only what falls below one is worth a closer look.
        if used >= a * least and not near then
            local left = used - reserved + charged
            near = string.byte(telling) == 48 or left < 0.8 * a or (left < 0.95 * a and used >= 0.95 * a)
                or (left < a + 0 and used >= a + 0)
        end
        snapshot = snapshot .. length .. ' ' .. v .. ' p;'
    end
    charged = actual
end
if not plain then
    local function corrupt(ledger_key) error({err = 'CORRUPT ledger ' .. ledger_key}) end
    local keys, texts, lengths, outcome, effects = {}, {}, {}, nil, nil
    n, snapshot, near = 0, '', true
    for length in string.gmatch(opening, record.LENGTHS) do
        n = n + 1
        local ledger_key = sub(deepest_key, 1, base_length + length)
        local v = call('GET', ledger_key)
        if not v then corrupt(ledger_key) end
        if string.find(v, 'C', 1, true) then return {'DENIED', 'CLOSED', sub(path, 1, length + 0)} end
        keys[n], texts[n], lengths[n] = ledger_key, v, length
    end
    outcome, charged, bytes, effects, results = overage.settle(texts, amount, actual, policy)
    if outcome == 'OVERDRAFT' or (outcome == 'OK' and string.find(table.concat(effects), '[ko]')) then
        -- A scope is short: amounts of reservations that wait to be expired must not make it so.
        local at = call('ZRANGE', tenant_key .. ':due', 0, 0, 'WITHSCORES')[2]
        if at and at + 0 < now then
            local caught_up = string.match(ARGV[7], '^%d+') + 0
            if caught_up == 0 or at + 0 < caught_up then return {'BEHIND'} end
        end
    end
    if outcome == 'CORRUPT' then corrupt(keys[charged]) end
    if outcome ~= 'OK' then return {'DENIED', outcome, sub(keys[charged], base_length + 1)} end
    for i = 1, n do
        writes[2 * i - 1], writes[2 * i] = keys[i], results[i]
        snapshot = snapshot .. lengths[i] .. ' ' .. texts[i] .. ' ' .. effects[i] .. ';'
    end
    n = 2 * n
end

local teller = nil
if near and telling ~= '' then teller = tell().open(prefix, tenant_key, now, time[1] * 1000000 + time[2], telling) end
local failure, final = record.finish(prefix, tenant_key, h, rec, 'C', now_text, ARGV[4] .. ARGV[5], bytes,
    '\0' .. charged .. '\0' .. snapshot .. '\0' .. ARGV[10], ARGV[9])
if failure then return redis.error_reply(failure) end
if rate_key then
    call('INCR', rate_key)
    call('PEXPIRE', rate_key, 120000)
end
call('MSET', unpack(writes, 1, n))
if teller then
    local id = sub(prefix, 5, 6) .. string.format('%011x', ARGV[3]) .. h
    local ledgers, paths = {}, {}
    for before, effect in string.gmatch(snapshot, '%d%d%d ([^;]*) (%l);') do
        local i = #ledgers + 1
        paths[i] = sub(writes[2 * i - 1], base_length + 1)
        ledgers[i] = {path = paths[i], before = before, after = writes[2 * i], effect = effect}
    end
    teller.settled(id, unit, path, policy, amount, actual, ledgers, true)
    teller.spent(unit, paths, charged)
end
return {'COMMITTED', final, now}

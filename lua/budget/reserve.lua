--[[
budget/reserve: locks an estimate in every budgeted scope of a subject, all or none, and records the reservation.

retry: keyed
KEYS
  1 prefix      the shard's prefix, which is also its sentinel key (string)
  2 tenant      the tenant's status letter and epoch (string)
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 h           22 characters: hash of install, tenant, endpoint and idempotency key; names the record
  3 fingerprint 22 characters: hash of the canonical request
  4 amount      estimate, decimal int64 >= 0
  5 unit        unit letter: U, T, C or R
  6 policy      overage policy letter asked for or set by a policy, or empty
  7 fallback    overage policy letter when neither that nor the deepest budgeted ledger names one
  8 terms       decision letter, ttl_ms in 8 digits, extensions allowed in 3 or more digits
  9 grace_ms    5 digits, ms
  10 row        24 bytes: amount big-endian, then the 16 bytes of h
  11 details    JSON of idempotency key, subject, action, metadata and caps, divided by NUL
  12 lengths    3 digits for each scope: its length
  13 caught_up_ms where the caller's last sweep got to (now of budget/expire), 13 digits; 0 without one; under a policy
                 with a rate limit followed by a space, reservations a minute, a space, the policy's id
  14 telling    thresholds and context of events (lua/budget/include/tell.lua); empty to tell of none
  15.. scopes   derived scope paths, root first
REPLIES
  STALE value           the tenant's present status and epoch
  RESERVED record now   the new reservation; now in ms
  REPLAYED record now   the same key and request as before
  MISMATCH              the same key with another request
  CLOSED                the tenant is closed
  SUSPENDED             the tenant is suspended
  LIMITED reset now     the policy allows no more reservations until reset, both ms
  NOBUDGET              no scope has a ledger in any unit
  UNIT scope units      no ledger in this unit; index of the deepest scope that has others, and their letters
  DENIED reason scope   EXCEEDED, DEBT, OVERLIMIT, FROZEN or CLOSED; index of the scope
  BEHIND                short of room while reservations of this tenant wait to be expired, due before caught_up_ms
EVENTS
  reservation.denied, up to ten a second for each scope and reason; budget.threshold_crossed, budget.exhausted
COMPLEXITY
  O(scopes + log live reservations of the tenant); 1 GET a ledger, 10 further calls; 4 more for a path that is new, 1
  for one that has no row in the present string of the directory
]]
--include <budget/assess>
--include deferred <budget/tell>

-- Hot: clock, tenant and due are written out below, because a closure costs 0.1 us in every call; and times and counts
-- are turned into text once, because that costs more than most calls.
local prefix, tenant_key = KEYS[1], KEYS[2]
local tag, h, amount, unit = ARGV[1], ARGV[2], ARGV[4], ARGV[5]
local call, pcall, type, sub = redis.call, redis.pcall, type, string.sub

local current = call('GET', tenant_key)
if current ~= tag then return {'STALE', current or ''} end

local record_key = prefix .. 'r:' .. h
local time = call('TIME')
local now_text = time[1] .. sub('00000' .. time[2], -6, -4)
local now = now_text + 0
local old = call('GET', record_key)
if old then
    if sub(old, 46, 67) ~= ARGV[3] then return {'MISMATCH'} end
    return {'REPLAYED', old, now}
end
local status = sub(tag, 1, 1)
if status == 'C' or status == 'S' then
    if ARGV[14] ~= '' then
        -- No ledger says no here: it is about the deepest scope.
        local subject, action = string.match(ARGV[11], '^%Z*%z(%Z*)%z(%Z*)')
        local teller = tell().open(prefix, tenant_key, now, time[1] * 1000000 + time[2], ARGV[14])
        teller.denied(unit, ARGV[#ARGV], status == 'C' and 'TENANT_CLOSED' or 'TENANT_SUSPENDED', amount, '',
            action or '', subject or '')
    end
    return {status == 'C' and 'CLOSED' or 'SUSPENDED'}
end
local rate_key = nil
if #ARGV[13] > 13 then
    local most, policy_id = string.match(ARGV[13], '^%d+ (%d+) (%S+)$')
    local minute = math.floor(now / 60000)
    rate_key = tenant_key .. ':rl:' .. policy_id .. ':r:' .. minute
    local used = call('GET', rate_key)
    if used and (#used > 15 or not string.find(used, '^%d+$')) then
        error({err = 'CORRUPT counter ' .. rate_key})
    end
    if used and used + 0 >= most + 0 then return {'LIMITED', minute * 60000 + 60000, now} end
end

local telling = ARGV[14]
local reason, at, writes, n, snapshot, flags, near = assess.scopes(tenant_key .. ':l:' .. unit .. ':', amount, ARGV[12],
    ARGV, 15, string.byte(telling) == 48 and string.match(telling, '^[%d.]+') + 0 or nil)
local due_key = tenant_key .. ':due'
if reason then
    if reason == 'NOBUDGET' then
        local scope, units = assess.other_units(tenant_key, unit, ARGV, 15)
        if scope then return {'UNIT', scope, units} end
        return {'NOBUDGET'}
    end
    if reason == 'EXCEEDED' then
        local first = call('ZRANGE', due_key, 0, 0, 'WITHSCORES')[2]
        if first and first + 0 < now then
            local caught_up = string.match(ARGV[13], '^%d+') + 0
            if caught_up == 0 or first + 0 < caught_up then return {'BEHIND'} end
        end
    end
    if telling == '' then return {'DENIED', reason, at} end
    local path = ARGV[15 + at]
    local a, r, s, d = string.match(call('GET', tenant_key .. ':l:' .. unit .. ':' .. path), '^(%d+) (%d+) (%d+) (%d+)')
    local subject, action = string.match(ARGV[11], '^%Z*%z(%Z*)%z(%Z*)')
    local teller = tell().open(prefix, tenant_key, now, time[1] * 1000000 + time[2], telling)
    local _, left = teller.remaining(a, r, s, d)
    teller.denied(unit, path, assess.code(reason), amount, left, action or '', subject or '')
    return {'DENIED', reason, at}
end
local teller = nil
if near and telling ~= '' then teller = tell().open(prefix, tenant_key, now, time[1] * 1000000 + time[2], telling) end
local policy = ARGV[6]
if policy == '' then policy = flags == '0' and ARGV[7] or string.upper(flags) end

local paths_key, path, terms, grace = tenant_key .. ':sp', ARGV[#ARGV], ARGV[8], ARGV[9]
-- A path's number in rows stands behind the string of the last row that has it and a space; alone if it is as old as
-- the first version. The empty field counts numbers, for none is given twice; until there is one, the fields do.
local known, used_in, number = call('HGET', paths_key, path), nil, nil
if known then
    used_in, number = sub(known, 1, 7), sub(known, 9)
    if number == '' then used_in, number = nil, known end
else
    number = call('HGET', paths_key, '') or call('HLEN', paths_key) .. ''
end
local low_number, spare = number, '\0\0\0\0\0\0'
if #number > 9 then
    low_number = number % 4294967296
    spare = struct.pack('>I2c4', math.floor(number / 4294967296), '\0\0\0\0')
end
local expires = now + sub(terms, 2, 9)
local format = string.format
local deadline, expires_text = format('%d', expires + grace), format('%d', expires)
local name = sub(tenant_key, #prefix + 3)

local row_bytes = struct.pack('>c1I6I6I2c8I6c24I4c1c6', 'A', 0, expires, grace, '\0\0\0\0\0\0\0\0', now, ARGV[10],
    low_number, unit, spare)

-- Writes. The indexes come first, each through pcall: on a key of the wrong type they fail, and what was done before is
-- taken back. Ledgers and record are written last, by one MSET, which cannot fail: GET has seen what they are.
local step, row, chunk, chunk_key, failure = 0, nil, nil, nil, nil
repeat
    local r = pcall('ZADD', due_key, deadline, h)
    if type(r) == 'table' then failure = r.err break end
    step = 1
    r = pcall('INCR', tenant_key .. ':n')
    if type(r) == 'table' then failure = r.err break end
    step, row = 2, format('%010d', r - 1)
    chunk = sub(row, 1, 7)
    chunk_key = tenant_key .. ':d:' .. chunk
    r = pcall('APPEND', chunk_key, row_bytes)
    if type(r) == 'table' then failure = r.err break end
    step = 3
    if r ~= (sub(row, 8) + 1) * 64 then failure = 'CORRUPT directory ' .. chunk_key break end
    if not known then
        r = pcall('HSET', tenant_key .. ':sn', number, path)
        if type(r) == 'table' then failure = r.err break end
        step = 4
    end
    r = pcall('ZADD', prefix .. 'due', 'LT', deadline, 'b' .. name)
    if type(r) == 'table' then failure = r.err end
until true
if failure then
    if step > 3 then call('HDEL', tenant_key .. ':sn', number) end
    if step > 2 then
        local kept = call('STRLEN', chunk_key) - 64
        if kept > 0 then
            call('SET', chunk_key, call('GETRANGE', chunk_key, 0, kept - 1))
        else
            call('DEL', chunk_key)
        end
    end
    if step > 1 then call('DECR', tenant_key .. ':n') end
    if step > 0 then call('ZREM', due_key, h) end
    return redis.error_reply(failure)
end
-- Once in a thousand rows and path; it cannot fail, for HGET has seen what is there.
if used_in ~= chunk then
    if known then
        call('HSET', paths_key, path, chunk .. ' ' .. number)
    else
        call('HSET', paths_key, path, chunk .. ' ' .. number, '', format('%.0f', number + 1))
    end
end

local record = 'A' .. now_text .. expires_text .. grace .. '000' .. row .. ARGV[3] .. amount .. '\0'
    .. unit .. policy .. terms .. '\0' .. name .. '\0' .. path .. '\0' .. snapshot .. '\0' .. ARGV[11]
writes[n + 1], writes[n + 2] = record_key, record
if rate_key then
    call('INCR', rate_key)
    call('PEXPIRE', rate_key, 120000)
end
call('MSET', unpack(writes, 1, n + 2))
if teller then
    local base_length, i = #tenant_key + 6, 0
    for before in string.gmatch(snapshot, '%d%d%d ([^;]*);') do
        teller.moved(unit, sub(writes[i + 1], base_length), before, writes[i + 2])
        i = i + 2
    end
end
return {'RESERVED', record, now}

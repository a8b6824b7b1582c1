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
  6 ttl_ms      effective time to live, ms
  7 grace_ms    5 digits, ms
  8 policy      overage policy letter asked for or set by a policy, or empty
  9 fallback    overage policy letter when neither that nor the deepest budgeted ledger names one
  10 terms      decision letter, ttl_ms in 8 digits, extensions allowed in 3 or more digits
  11 row        24 bytes: amount big-endian, then the 16 bytes of h
  12 details    JSON of idempotency key, subject, action, metadata and caps, divided by NUL
  13.. scopes   derived scope paths, root first
REPLIES
  STALE value           the tenant's present status and epoch
  RESERVED record now   the new reservation; now in ms
  REPLAYED record now   the same key and request as before
  MISMATCH              the same key with another request
  CLOSED                the tenant is closed
  SUSPENDED             the tenant is suspended
  NOBUDGET              no scope has a ledger in any unit
  UNIT scope units      no ledger in this unit; index of the deepest scope that has others, and their letters
  DENIED reason scope   EXCEEDED, DEBT, OVERLIMIT, FROZEN or CLOSED; index of the scope
  BEHIND                short of room while reservations of this tenant wait to be expired
EVENTS
  none
COMPLEXITY
  O(scopes + log live reservations of the tenant); 1 HMGET and 1 HINCRBY a ledger, 10 further calls
]]
--include <budget/ledger>

-- Hot: the includes clock, tenant and due are written out below, because a closure costs 0.1 us in every call.
local prefix, tenant_key = KEYS[1], KEYS[2]
local tag, h, amount, unit = ARGV[1], ARGV[2], ARGV[4], ARGV[5]
local call, pcall, type, sub = redis.call, redis.pcall, type, string.sub

local current = call('GET', tenant_key)
if current ~= tag then return {'STALE', current or ''} end

local record_key = prefix .. 'r:' .. h
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local old = call('GET', record_key)
if old then
    if sub(old, 46, 67) ~= ARGV[3] then return {'MISMATCH'} end
    return {'REPLAYED', old, now}
end
local status = sub(tag, 1, 1)
if status == 'C' then return {'CLOSED'} end
if status == 'S' then return {'SUSPENDED'} end

local reason, at, ledgers, entries, flags = ledger.assess(tenant_key, unit, amount, ARGV, 13)
local due_key = tenant_key .. ':due'
if reason then
    if reason == 'NOBUDGET' then
        local scope, units = ledger.other_units(tenant_key, unit, ARGV, 13)
        if scope then return {'UNIT', scope, units} end
        return {'NOBUDGET'}
    end
    if reason == 'EXCEEDED' then
        local first = call('ZRANGE', due_key, 0, 0, 'WITHSCORES')
        if first[2] and first[2] + 0 < now then return {'BEHIND'} end
    end
    return {'DENIED', reason, at}
end
local policy = ARGV[8]
if policy == '' then
    policy = string.match(flags, '%l$')
    policy = policy and string.upper(policy) or ARGV[9]
end

local meta_key, paths_key, path = tenant_key .. ':m', tenant_key .. ':sp', ARGV[#ARGV]
local number = call('HGET', paths_key, path)
local new_path = not number
if new_path then number = call('HLEN', paths_key) end
local expires, grace = now + ARGV[6], ARGV[7]
local deadline, name = expires + grace, sub(tenant_key, #prefix + 3)

-- Writes. Each may fail on a key of the wrong type or a corrupt number, so each goes through pcall, and a failure takes
-- back the steps done before it. The record itself, written last, cannot fail: GET has seen it absent.
local step, moved, row, offset, chunk_key, failure = 0, 0, nil, nil, nil, nil
repeat
    local r = pcall('ZADD', due_key, deadline, h)
    if type(r) == 'table' then failure = r.err break end
    step = 1
    if new_path then
        r = pcall('HSET', paths_key, path, number)
        if type(r) == 'table' then failure = r.err break end
        step = 2
    end
    r = pcall('HINCRBY', meta_key, 'n', 1)
    if type(r) == 'table' then failure = r.err break end
    step, row = 3, r - 1
    offset = row % 512
    chunk_key = tenant_key .. ':d:' .. (row - offset) / 512
    r = pcall('SETRANGE', chunk_key, offset * 64, struct.pack('>c1I6I6I2c8I6c24I4c1c6', 'A', 0, expires, grace,
        '\0\0\0\0\0\0\0\0', now, ARGV[11], number, unit, '\0\0\0\0\0\0'))
    if type(r) == 'table' then failure = r.err break end
    step = 4
    if amount ~= '0' then
        for i = 1, #ledgers do
            if type(pcall('HINCRBY', ledgers[i], 'r', amount)) == 'table' then
                failure = 'CORRUPT ledger ' .. ledgers[i]
                break
            end
            moved = i
        end
        if failure then break end
    end
    r = pcall('ZADD', prefix .. 'due', 'LT', deadline, 'b' .. name)
    if type(r) == 'table' then failure = r.err end
until true
if failure then
    for i = 1, moved do call('HINCRBY', ledgers[i], 'r', '-' .. amount) end
    if step == 4 then
        if offset > 0 then
            call('SET', chunk_key, call('GETRANGE', chunk_key, 0, offset * 64 - 1))
        else
            call('DEL', chunk_key)
        end
    end
    if step > 2 then call('HINCRBY', meta_key, 'n', -1) end
    if step > 1 and new_path then call('HDEL', paths_key, path) end
    if step > 0 then call('ZREM', due_key, h) end
    return redis.error_reply(failure)
end

local record = 'A' .. now .. expires .. grace .. '000' .. sub('000000000' .. row, -10) .. ARGV[3] .. amount .. '\0'
    .. unit .. policy .. ARGV[10] .. '\0' .. name .. '\0' .. path .. '\0' .. table.concat(entries, ';') .. ';\0' .. ARGV[12]
call('SET', record_key, record)
return {'RESERVED', record, now}

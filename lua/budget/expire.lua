--[[
budget/expire: gives back the amounts of a tenant's reservations that are past expiry and grace, each once.

retry: safe
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 limit       at most so many in this call, 1 to 200
  2 keep_ms     lifetime of the expired records, ms
REPLIES
  EXPIRED count failed more now   ended; set aside because record or ledger is corrupt; 1 if more are due; in ms: with
                                  no more, nothing that was due before now waits
EVENTS
  reservation.expired, one each: id, unit letter, amount, path, created_ms, expires_ms, ttl_ms, extensions used;
  budget.threshold_crossed, once for each ledger and threshold of all that the call has ended
COMPLEXITY
  O(limit * (ledgers + log live reservations))
]]
--include <clock>
--include <guard>
--include <due>
--include <outbox_batch>
--include <budget/ledger>
--include <budget/record>
--include <budget/tell>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call, pcall = redis.call, redis.pcall
local due_key, name = tenant_key .. ':due', string.sub(tenant_key, #prefix + 3)
local now, now_us = clock.now()
guard.types({due_key, 'zset', prefix .. 'due', 'zset', prefix .. 'seq', 'counter', prefix .. 'out', 'zset',
    tenant_key .. ':el', 'zset', prefix .. 'el', 'zset'})

local telling = tell.listed(tenant_key, '')
local least = string.byte(telling) == 48 and string.match(telling, '^[%d.]+') + 0 or 0.8
-- Ledgers by key, each read and written once for all reservations that share it: text as it was; `left`, what is to be
-- reserved of it, or, where that is no exact number, `text`, as it is to be so far.
local ledgers, order = {}, {}
-- The ledgers of reservations with the same unit, path and budgeted scopes.
local shared = {}
local payloads = {}

-- The ledger of a scope; nil when there is none.
local function held(unit, path)
    local key = tenant_key .. ':l:' .. unit .. ':' .. path
    local found = ledgers[key]
    if found then return found end
    local v = pcall('GET', key)
    if type(v) ~= 'string' then return nil end
    found = {key = key, before = v, text = v, unit = unit, path = path}
    local a, r, rest = string.match(ledger.give_back(v, '0') or '', '^(%d+) (%d+)( .*)$')
    if r and r + 0 < 9007199254740992 then found.a, found.left, found.rest = a, r + 0, rest end
    ledgers[key] = found
    return found
end

-- The ledgers that hold a reservation; nil when one is not there.
local function holders(unit, path, opening)
    local lengths = string.gsub(opening, record.LENGTHS, '%1')
    local group = unit .. lengths .. path
    local found = shared[group]
    if found then return found end
    found = {}
    for length in string.gmatch(lengths, '%d%d%d') do
        local each = held(unit, string.sub(path, 1, length + 0))
        if not each then return nil end
        found[#found + 1] = each
    end
    shared[group] = found
    return found
end

-- Gives one reservation back. Returns false, with nothing changed, when its record or a ledger is not in order.
local function expire(h)
    local key = prefix .. 'r:' .. h
    local rec = pcall('GET', key)
    if type(rec) ~= 'string' or string.byte(rec) ~= 65 then return false end
    local amount, unit, _, _, _, path, opening = record.parse(rec)
    if not path then return false end
    local expires = string.sub(rec, 15, 27)
    if now <= expires + string.sub(rec, 28, 32) then return false end
    local named = holders(unit, path, opening)
    if not named then return false end
    local texts = {}
    for i = 1, #named do
        local each = named[i]
        if each.left then
            if each.left < amount + 0 then return false end
        else
            texts[i] = ledger.give_back(each.text, amount)
            if not texts[i] then return false end
        end
    end
    if record.finish(prefix, tenant_key, h, rec, 'X', now, '', '\0\0\0\0\0\0\0\0', '\0' .. '0' .. '\0\0', ARGV[2]) then
        return false
    end
    for i = 1, #named do
        local each = named[i]
        if not each.is_listed then
            each.is_listed = true
            order[#order + 1] = each
        end
        if each.left then each.left = each.left - amount else each.text = texts[i] end
    end
    local ttl_at = 68 + #amount + 4
    payloads[#payloads + 1] = table.concat({h, unit, amount, path, string.sub(rec, 2, 14), expires,
        string.sub(rec, ttl_at, ttl_at + 7), string.sub(rec, 33, 35)}, '\0')
    return true
end

local limit = ARGV[1] + 0
local ended, failed = 0, 0
local ids = call('ZRANGEBYSCORE', due_key, '-inf', '(' .. now, 'LIMIT', 0, limit)
for i = 1, #ids do
    if expire(ids[i]) then
        ended = ended + 1
    else
        failed = failed + 1
        call('ZADD', due_key, now + 60000, ids[i])
    end
end
local is_near = false
for i = 1, #order do
    local each = order[i]
    if each.left then each.text = string.format('%s %d%s', each.a, each.left, each.rest) end
    call('SET', each.key, each.text)
    local a, r, s = string.match(each.before, '^(%d+) (%d+) (%d+)')
    each.is_near = r + s >= a * least
    is_near = is_near or each.is_near
end
outbox_batch.append(prefix, tenant_key, now, now_us, 'reservation.expired', '', payloads)
if is_near then
    local teller = tell.open(prefix, tenant_key, now, now_us, telling)
    for i = 1, #order do
        local each = order[i]
        if each.is_near then teller.moved(each.unit, each.path, each.before, each.text) end
    end
end
due.settle(prefix, 'b', name, due_key)
return {'EXPIRED', ended, failed, #ids == limit and 1 or 0, now}

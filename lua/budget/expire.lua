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
  O(limit * (ledgers + log live reservations)); 75 records take 3 to 4 ms
]]
--include <clock>
--include <guard>
--include <due>
--include <outbox>
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
-- Ledgers that were used much, as they were at first: unit letter and path by key.
local moved, order = {}, {}

-- Gives one reservation back. Returns false, with nothing changed, when its record or a ledger is not in order.
local function expire(h)
    local key = prefix .. 'r:' .. h
    local rec = pcall('GET', key)
    if type(rec) ~= 'string' or string.byte(rec) ~= 65 then return false end
    local amount, unit, _, _, _, path, opening = record.parse(rec)
    if not path then return false end
    local expires = string.sub(rec, 15, 27)
    if now <= expires + string.sub(rec, 28, 32) then return false end
    local keys, texts, n = {}, {}, 0
    for length in string.gmatch(opening, record.LENGTHS) do
        n = n + 1
        keys[n] = tenant_key .. ':l:' .. unit .. ':' .. string.sub(path, 1, length + 0)
        local v = pcall('GET', keys[n])
        texts[n] = type(v) == 'string' and ledger.give_back(v, amount)
        if not texts[n] then return false end
        local a, r, s = string.match(v, '^(%d+) (%d+) (%d+)')
        if not moved[keys[n]] and r + s >= a * least then
            order[#order + 1], moved[keys[n]] = keys[n], {unit, string.sub(path, 1, length + 0), v}
        end
    end
    if record.finish(prefix, tenant_key, h, rec, 'X', now, '', '\0\0\0\0\0\0\0\0', '\0' .. '0' .. '\0\0', ARGV[2]) then
        return false
    end
    for i = 1, n do call('SET', keys[i], texts[i]) end
    local ttl_at = 68 + #amount + 4
    outbox.append(prefix, tenant_key, now, now_us, 'reservation.expired', '', table.concat({h, unit, amount, path,
        string.sub(rec, 2, 14), expires, string.sub(rec, ttl_at, ttl_at + 7), string.sub(rec, 33, 35)}, '\0'))
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
if #order > 0 then
    local teller = tell.open(prefix, tenant_key, now, now_us, telling)
    for i = 1, #order do
        local each = moved[order[i]]
        teller.moved(each[1], each[2], each[3], call('GET', order[i]))
    end
end
due.settle(prefix, 'b', name, due_key)
return {'EXPIRED', ended, failed, #ids == limit and 1 or 0, now}

--[[
budget/release: gives the whole reserved amount back to its ledgers and ends the reservation.

retry: keyed
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]; empty for the operator, who has none
  2 h           names the record
  3 created_ms  13 digits, from the reservation id
  4 key         22 characters: hash of the concrete path and the idempotency key
  5 fingerprint 22 characters: hash of the canonical request
  6 keep_ms     lifetime of the finished record, ms
  7 reason      JSON string of the reason, or empty
  8 entry       JSON of the audit entry, or empty for none
  9 telling     thresholds and context of events (lua/budget/include/tell.lua); empty to tell of none; of the operator
                a line feed and the context alone
  10.. filter   scope filter of the caller's API key, each kind:id or kind:*; none for every scope
REPLIES
  STALE value           the tenant's present status and epoch; never for the operator
  RELEASED record now   done
  REPLAYED record now   the same key and request as before
  MISMATCH              the same key with another request
  NOT_FOUND             no such reservation; or, for the operator, no such tenant
  FOREIGN               it belongs to another tenant
  OUT_OF_SCOPE          no segment of its path is named by the filter
  CLOSED                the tenant is closed
  FINALIZED             already committed or released
  EXPIRED               past expires_at_ms + grace_period_ms
EVENTS
  budget.threshold_crossed
COMPLEXITY
  O(ledgers + log live reservations); 1 GET a ledger, 6 further calls; 10 more for an audit entry
]]
--include deferred <guard>
--include deferred <audit>
--include <budget/ledger>
--include <budget/record>
--include deferred <budget/tell>

-- Hot: clock and tenant are written out below, because a closure costs 0.1 us in every call.
local prefix, tenant_key = KEYS[1], KEYS[2]
local tag, h, entry = ARGV[1], ARGV[2], ARGV[8]
local call, sub = redis.call, string.sub

local status = call('GET', tenant_key)
if tag == '' then
    if not status then return {'NOT_FOUND'} end
elseif status ~= tag then
    return {'STALE', status or ''}
end

local key = prefix .. 'r:' .. h
local rec = call('GET', key)
local state = rec and sub(rec, 1, 1)
if not rec or state == 'D' or sub(rec, 2, 14) ~= ARGV[3] then return {'NOT_FOUND'} end
local amount, unit, _, _, name, path, opening = record.parse(rec)
if not path then error({err = 'CORRUPT reservation ' .. key}) end
if name ~= sub(tenant_key, #prefix + 3) then return {'FOREIGN'} end
if #ARGV > 9 and not record.within(path, ARGV, 10) then return {'OUT_OF_SCOPE'} end
local time = call('TIME')
local now_text = time[1] .. sub('00000' .. time[2], -6, -4)
local now = now_text + 0
if state ~= 'A' and sub(rec, 81, 102) == ARGV[4] then
    if sub(rec, 103, 124) ~= ARGV[5] then return {'MISMATCH'} end
    return {'REPLAYED', rec, now}
end
if string.byte(status) == 67 then return {'CLOSED'} end
if state == 'C' or state == 'R' then return {'FINALIZED'} end
if state ~= 'A' and state ~= 'X' then return {'NOT_FOUND'} end
if state == 'X' or now > sub(rec, 15, 27) + sub(rec, 28, 32) then return {'EXPIRED'} end

-- Each ledger's key is a beginning of the deepest one. The table has room for three, so that it seldom need grow.
local base, writes, n, snapshot = tenant_key .. ':l:' .. unit .. ':', {nil, nil, nil, nil, nil, nil}, 0, ''
local deepest_key, base_length, telling, near = base .. path, #base, ARGV[9], false
-- The operator's server knows nothing of what the tenant's subscriptions ask for.
if tag == '' and telling ~= '' then telling = tell().listed(tenant_key, sub(telling, 2)) end
local least = string.byte(telling) == 48 and string.match(telling, '^[%d.]+') + 0 or 0.8
for length in string.gmatch(opening, record.LENGTHS) do
    local ledger_key = sub(deepest_key, 1, base_length + length)
    local v = call('GET', ledger_key)
    local given = v and ledger.give_back(v, amount)
    if not given then ledger.corrupt(ledger_key) end
    local a, r, s = string.match(v, '^(%d+) (%d+) (%d+)')
    local used = r + s
    -- Past the usual shares, when nobody asks for others, only what falls below one is worth a closer look.
    if used >= a * least and not near then
        local left = used - amount
        near = string.byte(telling) == 48 or left < 0.8 * a or (left < 0.95 * a and used >= 0.95 * a)
            or (left < a + 0 and used >= a + 0)
    end
    writes[n + 1], writes[n + 2], n = ledger_key, given, n + 2
    snapshot = snapshot .. length .. ' ' .. v .. ' p;'
end
if entry ~= '' then guard().journal(prefix, tenant_key) end
local teller = nil
if near and telling ~= '' then teller = tell().open(prefix, tenant_key, now, time[1] * 1000000 + time[2], telling) end
local failure, final = record.finish(prefix, tenant_key, h, rec, 'R', now_text, ARGV[4] .. ARGV[5],
    '\0\0\0\0\0\0\0\0', '\0' .. '0' .. '\0' .. snapshot .. '\0' .. ARGV[7], ARGV[6])
if failure then return redis.error_reply(failure) end
call('MSET', unpack(writes, 1, n))
if entry ~= '' then audit().append(prefix, tenant_key, now, time[1] * 1000000 + time[2], entry) end
if teller then
    local i = 0
    for before in string.gmatch(snapshot, '%d%d%d ([^;]*) %l;') do
        teller.moved(unit, sub(writes[i + 1], base_length + 1), before, writes[i + 2])
        i = i + 2
    end
end
return {'RELEASED', final, now}

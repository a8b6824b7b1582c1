--[[
admin/fund_budget: credits a ledger. With debt, the credit repays it first: allocated += n, r = min(n, debt), debt -= r,
spent += r. The over-limit flag is recomputed as debt > limit.

retry: keyed
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2], or empty for the admin key
  2 path        the scope
  3 unit        unit letter
  4 amount      decimal int64 >= 0
  5 h           22 characters: hash of install, tenant, endpoint, scope, unit and idempotency key, or empty for none
  6 fingerprint 22 characters: hash of the canonical request
  7 entry       JSON of the audit entry
  8 context     JSON of request and trace ids for the event
  9 reason      JSON string of the reason, or empty
REPLIES
  STALE value      the tenant's present status and epoch
  FUNDED result    done: now_ms, then a r s d o f before and a s d f after, divided by spaces
  REPLAYED result  the same key and request as before
  MISMATCH         the same key with another request
  NO_TENANT        there is no such tenant
  CLOSED           the tenant is closed
  NO_BUDGET        this scope has no ledger in this unit
  UNIT units       nor in this unit, but in those (letters)
  DENIED reason    FROZEN or CLOSED ledger
  OVERFLOW         the result leaves int64
EVENTS
  budget.funded: path, unit letter, operation, result as in the reply, reason
  budget.over_limit_exited, when the flag falls: path, unit letter, debt, overdraft limit
COMPLEXITY
  O(log events); about 30 calls
]]
--include <clock>
--include <guard>
--include <idempotency>
--include <audit>
--include <outbox>
--include <int64>
--include <budget/ledger>
--include <budget/assess>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
local KEEP_MS = 86400000
local status = call('GET', tenant_key)
if ARGV[1] ~= '' and ARGV[1] ~= status then return {'STALE', status or ''} end
if not status then return {'NO_TENANT'} end
local path, unit, amount = ARGV[2], ARGV[3], ARGV[4]
local done_key = tenant_key .. ':i:' .. ARGV[5]
if ARGV[5] ~= '' then
    local stored = idempotency.find(done_key, ARGV[6])
    if stored then return {'REPLAYED', stored} end
    if stored == false then return {'MISMATCH'} end
end
if string.sub(status, 1, 1) == 'C' then return {'CLOSED'} end
local ledger_key = tenant_key .. ':l:' .. unit .. ':' .. path
local before = call('GET', ledger_key)
if not before then
    local _, units = assess.other_units(tenant_key, unit, {path}, 1)
    if units then return {'UNIT', units} end
    return {'NO_BUDGET'}
end
local a, r, s, d, o, letters = ledger.fields(before)
if not a then ledger.corrupt(ledger_key) end
if string.find(letters, 'C', 1, true) then return {'DENIED', 'CLOSED'} end
if string.find(letters, 'F', 1, true) then return {'DENIED', 'FROZEN'} end

local big = int64.open()
for _, field in ipairs({a, r, s, d, o}) do
    if not big.sound(field) then ledger.corrupt(ledger_key) end
end
local nh, nl = big.parse(amount)
local dh, dl = big.parse(d)
local rh, rl = nh, nl
if big.less(dh, dl, nh, nl) then rh, rl = dh, dl end
local ah, al = big.add(nh, nl, big.parse(a))
local sh, sl = big.add(rh, rl, big.parse(s))
if not big.fits(ah, al) or not big.fits(sh, sl) then return {'OVERFLOW'} end
dh, dl = big.sub(dh, dl, rh, rl)
local oh, ol = big.parse(o)
local flags = (big.less(oh, ol, dh, dl) and 'O' or '') .. string.sub(letters, -1)

guard.types({tenant_key .. ':el', 'zset', tenant_key .. ':al', 'zset', prefix .. 'seq', 'counter', prefix .. 'out',
    'zset'})
local now, now_us = clock.now()
a, s, d = big.text(ah, al), big.text(sh, sl), big.text(dh, dl)
call('SET', ledger_key, a .. ' ' .. r .. ' ' .. s .. ' ' .. d .. ' ' .. o .. ' ' .. flags)
local result = now .. ' ' .. before .. ' ' .. a .. ' ' .. s .. ' ' .. d .. ' ' .. flags
if ARGV[5] ~= '' then idempotency.keep(done_key, ARGV[6], result, KEEP_MS) end
audit.append(prefix, tenant_key, now, now_us, ARGV[7])
outbox.append(prefix, tenant_key, now, now_us, 'budget.funded', ARGV[8],
    table.concat({path, unit, 'CREDIT', result, ARGV[9]}, '\0'))
if string.find(letters, 'O', 1, true) and string.sub(flags, 1, 1) ~= 'O' then
    outbox.append(prefix, tenant_key, now, now_us, 'budget.over_limit_exited', ARGV[8],
        table.concat({path, unit, d, o}, '\0'))
end
return {'FUNDED', result}

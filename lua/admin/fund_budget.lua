--[[
admin/fund_budget: changes what a ledger has by one of five operations (admin digest 2.2, design section 6). Reserved is
never touched; remaining = allocated - reserved - spent - debt.

  C credit       repays debt first: allocated += n, p = min(n, debt), debt -= p, spent += p
  D debit        allocated -= n, refused when less than n remains
  R reset        allocated = n; what remains may become negative
  S reset spent  allocated = n, spent = the given amount; what remains may become negative
  P repay debt   p = min(n, debt), debt -= p, allocated += n - p

All but a debit set the over-limit flag anew: debt > limit.

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
  7 entry       JSON of the audit entry; empty for one of many rows, whose action has the entry
  8 context     JSON of request and trace ids for the event
  9 operation   C, D, R, S or P
  10 spent      decimal int64 >= 0, for S alone
  11 place      beginning of the events' JSON: scope and unit
  12 more       further members of the event: ledger id, operation, reason
  13 caught_up_ms where the caller's last sweep got to (now of budget/expire), 13 digits; 0 without one
REPLIES
  STALE value      the tenant's present status and epoch
  BEHIND           too little remains, and reservations of this tenant wait to be expired, due before caught_up_ms
  FUNDED result    done: now_ms, then a r s d o f before and a s d f after, divided by spaces
  REPLAYED result  the same key and request as before
  MISMATCH         the same key with another request
  NO_TENANT        there is no such tenant
  CLOSED           the tenant is closed
  NO_BUDGET        this scope has no ledger in this unit
  UNIT units       nor in this unit, but in those (letters)
  DENIED reason    FROZEN or CLOSED ledger
  SHORT            a debit of more than remains
  OVERFLOW         the result leaves int64
EVENTS
  budget.funded, budget.debited, budget.reset, budget.reset_spent or budget.debt_repaid
  budget.over_limit_exited, when the flag falls, budget.over_limit_entered, should it rise
COMPLEXITY
  O(log events); about 40 calls
]]
--include <clock>
--include <guard>
--include <idempotency>
--include <audit>
--include <int64>
--include <admin/behind>
--include <admin/lifecycle>
--include <budget/assess>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
local KEEP_MS = 86400000
local KINDS = {C = 'budget.funded', D = 'budget.debited', R = 'budget.reset', S = 'budget.reset_spent',
    P = 'budget.debt_repaid'}
local status = call('GET', tenant_key)
if ARGV[1] ~= '' and ARGV[1] ~= status then return {'STALE', status or ''} end
if not status then return {'NO_TENANT'} end
local path, unit, amount, operation = ARGV[2], ARGV[3], ARGV[4], ARGV[9]
local done_key = tenant_key .. ':i:' .. ARGV[5]
if ARGV[5] ~= '' then
    local stored = idempotency.find(done_key, ARGV[6])
    if stored then return {'REPLAYED', stored} end
    if stored == false then return {'MISMATCH'} end
end
if string.sub(status, 1, 1) == 'C' then return {'CLOSED'} end
local ledger_key = tenant_key .. ':l:' .. unit .. ':' .. path
local before, text = lifecycle.read(ledger_key)
if not before then
    local _, units = assess.other_units(tenant_key, unit, {path}, 1)
    if units then return {'UNIT', units} end
    return {'NO_BUDGET'}
end
local letters = before[6]
if string.find(letters, 'C', 1, true) then return {'DENIED', 'CLOSED'} end
if string.find(letters, 'F', 1, true) then return {'DENIED', 'FROZEN'} end

local now, now_us = clock.now()
local big = int64.open()
local nh, nl = big.parse(amount)
local ah, al = big.parse(before[1])
local sh, sl = big.parse(before[3])
local dh, dl = big.parse(before[4])
if operation == 'C' or operation == 'P' then
    local ph, pl = nh, nl
    if big.less(dh, dl, nh, nl) then ph, pl = dh, dl end
    dh, dl = big.sub(dh, dl, ph, pl)
    if operation == 'C' then sh, sl = big.add(sh, sl, ph, pl) else nh, nl = big.sub(nh, nl, ph, pl) end
    ah, al = big.add(ah, al, nh, nl)
elseif operation == 'D' then
    local h, l = lifecycle.remaining(before)
    if big.less(h, l, nh, nl) then
        if behind.check(tenant_key, now, ARGV[13]) then return {'BEHIND'} end
        return {'SHORT'}
    end
    ah, al = big.sub(ah, al, nh, nl)
elseif operation == 'R' or operation == 'S' then
    ah, al = nh, nl
    if operation == 'S' then sh, sl = big.parse(ARGV[10]) end
else
    return redis.error_reply('CORRUPT operation')
end
if not big.fits(ah, al) or not big.fits(sh, sl) then return {'OVERFLOW'} end
local after = {big.text(ah, al), before[2], big.text(sh, sl), big.text(dh, dl), before[5], letters}
if operation ~= 'D' then after[6] = lifecycle.flags(false, lifecycle.is_over(after), string.sub(letters, -1)) end
if operation == 'R' or operation == 'S' then
    -- -2^63 is within: what is missing, less one, must fit.
    local h, l = big.sub(0, 0, lifecycle.remaining(after))
    h, l = big.sub(h, l, 0, 1)
    if h >= 0 and not big.fits(h, l) then return {'OVERFLOW'} end
end

local terms_key = tenant_key .. ':lt:' .. unit .. ':' .. path
guard.types({terms_key, 'string'})
guard.journal(prefix, tenant_key)
local terms = call('GET', terms_key)
if terms then terms = lifecycle.renewed(terms, now) end
call('SET', ledger_key, table.concat(after, ' '))
if terms then call('SET', terms_key, terms) end
local result = now .. ' ' .. text .. ' ' .. after[1] .. ' ' .. after[3] .. ' ' .. after[4] .. ' ' .. after[6]
if ARGV[5] ~= '' then idempotency.keep(done_key, ARGV[6], result, KEEP_MS) end
if ARGV[7] ~= '' then audit.append(prefix, tenant_key, now, now_us, ARGV[7]) end
lifecycle.tell(prefix, tenant_key, now, now_us, KINDS[operation], ARGV[8], ARGV[11], ARGV[12], before, after)
return {'FUNDED', result}

--[[
admin/close_step: ends the next few things of a closed tenant: reservations, then locks, budgets, webhook
subscriptions, API keys.

Each thing is ended with its audit entry and event in one call, and `close_at` in the profile says where the next call
goes on, so a call may be the last one at any point and nothing is ended twice. What is corrupt is left, and named in
the reply; after the rest is done everything is looked at again, a minute later. Amounts of reservations are summed up
per budget in <tenant>:cr until the budget's turn.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 limit       at most so many things, 1 to 100
  2 keep_ms     lifetime of the released reservations' records, ms
REPLIES
  STEP ended failed more names..   things ended; left because they are corrupt; 1 when there is more to do; the names
                                   of those that failed: a reservation's id (its record's key when that cannot be
                                   read), a lock's resource, a budget's scope and unit, a
                                   subscription's or key's id
EVENTS
  reservation.released_via_tenant_cascade for a budget that had reservations, budget.closed_via_tenant_cascade,
  webhook.disabled_via_tenant_cascade, api_key.revoked_via_tenant_cascade; stream entry R, or X when past its expiry,
  for a lock, with mark h custom.resource.released or custom.resource.expired with it; a message on hf:ev with mark w
COMPLEXITY
  O(limit * (ledgers + log live reservations + log events)); about 30 calls a thing
]]
--include <clock>
--include <guard>
--include <due>
--include <tenant>
--include <audit>
--include <outbox>
--include <admin/key_row>
--include <budget/ledger>
--include <budget/record>
--include <reservation/hold>
--include <reservation/derived>
--include <reservation/notice>

local prefix, tenant_key = KEYS[1], KEYS[2]
local limit, keep_ms = ARGV[1] + 0, ARGV[2]
local protected, call, pcall = pcall, redis.call, redis.pcall
local name = string.sub(tenant_key, #prefix + 3)
local profile_key, sums_key, keys_key = tenant_key .. ':p', tenant_key .. ':cr', tenant_key .. ':keys'
local rows_key = tenant_key .. ':wh'
local budget_due_key, active_key = tenant_key .. ':due', tenant_key .. ':act'
if not call('ZSCORE', prefix .. 'due', 'c' .. name) then return {'STEP', 0, 0, 0} end

local status, p = call('GET', tenant_key), call('HMGET', profile_key, 'close_request', 'close_at', 'close_failed')
local context, failed_before = p[1] or '', (p[3] or '0') + 0
local ids, correlation = string.match(context, '"request_id":"[^"]*","trace_id":"[^"]*"'),
    string.match(context, '"correlation_id":("[^"]*")')
local stage, offset = string.match(p[2] or '', '^([rlbwk])(%d+)$')
if not status or string.sub(status, 1, 1) ~= 'C' or not (ids and correlation and stage) then
    error({err = 'CORRUPT closing of a tenant'})
end
offset = offset + 0
guard.types({budget_due_key, 'zset', active_key, 'zset', tenant_key .. ':ev', 'stream', tenant_key .. ':bud', 'zset',
    tenant_key .. ':kl', 'zset', keys_key, 'hash', sums_key, 'hash', tenant_key .. ':whl', 'zset', rows_key, 'hash',
    tenant_key .. ':wk', 'hash'})
guard.journal(prefix, tenant_key)
local now, now_us = clock.now()
local lock_id = string.format('%.0f', now_us)
local is_bumped, effort, told = false, 0, notice.open(prefix, tenant_key, status)

-- With the first key or subscription: whatever becomes of the others, nobody may go on to believe in what is ended.
local function bump()
    if not is_bumped then tenant.bump(tenant_key, now_us) end
    is_bumped = true
end

-- The audit entry of one thing, and its event unless a budget's event tells of it.
local function journal(kind, id, event, payload)
    audit.append(prefix, tenant_key, now, now_us, '{"operation":"updateTenant","status":200,"actor_type":"admin",' ..
        '"resource_type":"' .. kind .. '","resource_id":"' .. id .. '",' .. ids ..
        ',"metadata":{"event_kind":"' .. event .. '","cascade_reason":"tenant_closed","correlation_id":' ..
        correlation .. '}}')
    if payload then
        outbox.append(prefix, tenant_key, now, now_us, event, context, payload .. ',"cascade_reason":"tenant_closed"}')
    end
end

-- Each of these ends one thing. Returns true when it did, nil when there was nothing to do, false, with nothing
-- changed, when something is corrupt; then the name for the reply, and whether the thing's index entry is gone.
local ending = {}

function ending.r(h)
    local record_key = prefix .. 'r:' .. h
    local rec = pcall('GET', record_key)
    if type(rec) ~= 'string' then return false, record_key end
    local created = string.match(rec, '^%u(%d%d%d%d%d%d%d%d%d%d%d%d%d)')
    if not created then return false, record_key end
    local id = string.sub(prefix, 5, 6) .. string.format('%011x', created) .. h
    if string.byte(rec) ~= 65 then return false, id end
    local amount, unit, _, _, owner, path, opening = record.parse(rec)
    if owner ~= name then return false, id end
    local keys, texts, n, snapshot = {}, {}, 0, ''
    for length in string.gmatch(opening, record.LENGTHS) do
        n = n + 1
        keys[n] = string.sub(path, 1, length + 0)
        local v = pcall('GET', tenant_key .. ':l:' .. unit .. ':' .. keys[n])
        texts[n] = type(v) == 'string' and ledger.give_back(v, amount)
        if not texts[n] then return false, id end
        snapshot = snapshot .. length .. ' ' .. v .. ' p;'
    end
    local summed = 0
    local function sum(sign, from, to)
        for i = from, to do
            local r = amount ~= '0' and pcall('HINCRBY', sums_key, keys[i] .. '\0' .. unit, sign .. amount)
            if type(r) == 'table' then return false end
            summed = i
        end
        return true
    end
    if not sum('', 1, n) or record.finish(prefix, tenant_key, h, rec, 'R', now, '', '\0\0\0\0\0\0\0\0',
        '\0' .. '0' .. '\0' .. snapshot .. '\0"tenant_closed"', keep_ms) then
        sum('-', 1, summed)
        return false, id
    end
    for i = 1, n do call('SET', tenant_key .. ':l:' .. unit .. ':' .. keys[i], texts[i]) end
    journal('reservation', id, 'reservation.released_via_tenant_cascade')
    return true, id, true
end

function ending.l(member)
    local resource = string.sub(member, 2)
    local value = pcall('GET', tenant_key .. ':k:' .. resource)
    if not value then
        -- An index entry without a record holds nothing.
        call('ZREM', active_key, member)
        return nil, resource, true
    end
    local expires, fence, token, owner, kind, label, extension
    if type(value) == 'string' then
        expires, fence, token, owner, kind, label, extension = hold.open(value, true)
    end
    if not expires then return false, resource end
    local reason = expires + 0 <= now and 'X' or 'R'
    effort = effort + derived.effort(tenant_key, owner, extension)
    local used = hold.free(tenant_key, resource, reason, lock_id, expires, fence, token, owner, kind, label, extension)
    if not used then return false, resource end
    lock_id = string.format('%.0f', used + 1)
    return true, resource, true
end

local UNITS = {U = 'USD_MICROCENTS', T = 'TOKENS', C = 'CREDITS', R = 'RISK_POINTS'}

function ending.b(member)
    local path, unit = string.match(member, '^([^%z]*)%z(%u)$')
    if not (path and UNITS[unit]) then return false, member end
    local place = path .. ' ' .. UNITS[unit]
    local ledger_key = tenant_key .. ':l:' .. unit .. ':' .. path
    local terms_key = tenant_key .. ':lt:' .. unit .. ':' .. path
    local v, terms = pcall('GET', ledger_key), pcall('GET', terms_key)
    local flags, created, document, _
    if type(v) == 'string' then _, _, _, _, _, flags = ledger.fields(v) end
    if type(terms) == 'string' then created, document = string.match(terms, '^(%d+%z)%d+(%z.*)$') end
    local id = document and string.match(document, '"ledger_id":"([^"]+)"')
    if not (flags and id) then return false, place end
    local head = '{"ledger_id":"' .. id .. '","scope":"' .. path .. '","unit":"' .. UNITS[unit] .. '"'
    local released, is_open = call('HGET', sums_key, member), not string.find(flags, 'C', 1, true)
    if not (released or is_open) then return nil, place end
    if is_open then
        call('SET', ledger_key, string.sub(v, 1, -1 - #flags) .. 'C' .. flags)
        call('SET', terms_key, created .. now .. document)
    end
    if released then
        call('HDEL', sums_key, member)
        outbox.append(prefix, tenant_key, now, now_us, 'reservation.released_via_tenant_cascade', context,
            head .. ',"released_amount":' .. released .. ',"cascade_reason":"tenant_closed"}')
    end
    if is_open then
        local prior = string.find(flags, 'F', 1, true) and 'FROZEN' or 'ACTIVE'
        journal('budget', id, 'budget.closed_via_tenant_cascade',
            head .. ',"prior_status":"' .. prior .. '","new_status":"CLOSED"')
    end
    return true, place
end

local WORDS = {A = 'ACTIVE', P = 'PAUSED', D = 'DISABLED'}

function ending.w(id)
    local row = call('HGET', rows_key, id)
    local letter, created, content = string.match(row or '', '^(%u)(%z%d+%z)%d+(%z%Z*%z{%Z*})$')
    if not WORDS[letter or ''] then return false, id end
    if letter == 'D' then return nil, id end
    bump()
    call('HSET', rows_key, id, 'D' .. created .. now .. content)
    -- All of them end: nothing is asked for any more.
    call('HDEL', tenant_key .. ':wk', id)
    call('DEL', tenant_key .. ':wc')
    call('HDEL', profile_key, 'hooks')
    journal('webhook', id, 'webhook.disabled_via_tenant_cascade', '{"subscription_id":"' .. id ..
        '","prior_status":"' .. WORDS[letter] .. '","new_status":"DISABLED"')
    return true, id
end

function ending.k(id)
    local row = call('HGET', keys_key, id)
    local letter, expires, document = key_row.parse(row or '')
    local is_read, json = protected(cjson.decode, document)
    if not (letter and is_read and type(json.name) == 'string') then return false, id end
    if letter ~= 'A' or expires + 0 <= now then return nil, id end
    bump()
    call('HSET', keys_key, id, key_row.revoked(row, now, '"tenant_closed"'))
    journal('api_key', id, 'api_key.revoked_via_tenant_cascade', '{"key_id":"' .. id .. '","name":' ..
        cjson.encode(json.name) .. ',"prior_status":"ACTIVE","new_status":"REVOKED"')
    return true, id
end

local ORDER = {r = 'l', l = 'b', b = 'w', w = 'k'}
local INDEX = {r = budget_due_key, l = active_key, b = tenant_key .. ':bud', w = tenant_key .. ':whl',
    k = tenant_key .. ':kl'}
local out, ended, failed = {'STEP', 0, 0, 1}, 0, 0
while stage and limit > 0 do
    local wanted = limit
    local found = call('ZRANGE', INDEX[stage], offset, offset + wanted - 1)
    local done = 0
    for i = 1, #found do
        -- Locks that took much along are left to the next call when this one was long enough.
        if effort > derived.EFFORT_MAX then break end
        done = i
        local is_ended, thing, is_gone = ending[stage](found[i])
        if is_ended then ended = ended + 1 end
        if is_ended == false then
            failed = failed + 1
            out[4 + failed] = thing
        end
        if not is_gone then offset = offset + 1 end
    end
    limit = done < #found and 0 or limit - #found
    if #found < wanted and done == #found then stage, offset = ORDER[stage], 0 end
end
notice.tell(told, now, now_us, context)
out[2], out[3], failed_before = ended, failed, failed_before + failed
if stage then
    call('HSET', profile_key, 'close_at', stage .. string.format('%d', offset), 'close_failed', failed_before)
    return out
end
out[4] = 0
due.settle(prefix, 'b', name, budget_due_key)
due.settle(prefix, 'l', name, active_key)
if failed_before > 0 then
    call('HSET', profile_key, 'close_at', 'r0', 'close_failed', 0)
    call('ZADD', prefix .. 'due', now + 60000, 'c' .. name)
else
    call('HDEL', profile_key, 'close_at', 'close_failed')
    call('DEL', sums_key)
    call('ZREM', prefix .. 'due', 'c' .. name)
end
return out

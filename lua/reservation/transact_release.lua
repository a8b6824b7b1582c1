--[[
reservation/transact_release: frees several resources as one transaction.

Sent again it could release more than it should (method F), so its outcome stays unknown when the reply is lost.

retry: never
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 method      A all or none, M as many as possible, F the first that is held
  3 context     JSON of request and actor for events, or empty
  4.. items     per item: requester, resource, release token (may be empty)
REPLIES
  STALE value   the tenant's present status and epoch
  CLOSED        the tenant is closed
  BEHIND        more is due than one call can expire
  TOO_LARGE     the items took more along than one call can give back; nothing was released
  ITEMS words..  per item: RELINQUISHED, NOT_RESERVED, NOT_OWNER (right token, other requester), BAD_TOKEN, or KEPT (its
                 release was given up with that of the others); and the names freed, divided by tabs. Fewer items than
                 were asked for: the rest was not looked at
EVENTS
  stream entry R for each RELINQUISHED, X for a hold found past its expiry; with mark h custom.resource.released and
  custom.resource.expired with them; a message on hf:ev with mark w
COMPLEXITY
  O(items * (log holds + blockers + ancestors)), at most 100 items
]]
--include <clock>
--include <tenant>
--include <reservation/hold>
--include <reservation/overdue>
--include <reservation/find>
--include <reservation/notice>

local tenant_key, tag, method = KEYS[2], ARGV[1], ARGV[2]
local stale = tenant.stale(tenant_key, tag)
if stale then return {'STALE', stale} end
if string.sub(tag, 1, 1) == 'C' then return {'CLOSED'} end

local now, now_us = clock.now()
hold.check_batch(KEYS[1], tenant_key, ARGV, 4, 3)
local told = notice.open(KEYS[1], tenant_key, tag)
local _, _, more, id = overdue.sweep(tenant_key, string.format('%d', now_us), now, now, 64)
notice.tell(told, now, now_us, '')
if more then return {'BEHIND'} end

-- All are judged before one is released.
local EFFORT_MAX = 8000
local judged, is_refused, seen, effort = {}, false, {}, 0
for i = 4, #ARGV, 3 do
    local word, unit, fields = find.judge(tenant_key, ARGV[i], ARGV[i + 1], ARGV[i + 2], now, true)
    if word == 'RELINQUISHED' then
        if seen[unit] then word = 'NOT_RESERVED' end
        seen[unit] = true
        effort = effort + derived.effort(tenant_key, fields[4], fields[7])
        if effort > EFFORT_MAX then return {'TOO_LARGE'} end
        local failure, _
        if fields[7] ~= '' then _, _, failure = derived.undo(tenant_key, unit, fields[4], fields[3], fields[7]) end
        if failure then return redis.error_reply(failure) end
    elseif word ~= 'NOT_RESERVED' then
        is_refused = true
    end
    judged[#judged + 1] = {word, unit, fields}
end

local out, last = {'ITEMS'}, nil
for i = 1, #judged do
    local word, unit, fields = unpack(judged[i])
    local freed = ''
    if word == 'RELINQUISHED' and method == 'A' and is_refused then
        word = 'KEPT'
    elseif word == 'RELINQUISHED' then
        if last then id = string.format('%d', last + 1) end
        local expires, fence, token, owner, kind, label, extension = unpack(fields)
        local used, released = hold.free(tenant_key, unit, 'R', id, expires, fence, token, owner, kind, label,
            extension)
        if not used then return redis.error_reply(released) end
        last, freed = used, released and table.concat(released, '\t') or unit
    end
    local n = #out
    out[n + 1], out[n + 2] = word, freed
    if method == 'F' and word == 'RELINQUISHED' then break end
end
notice.tell(told, now, now_us, ARGV[3])
return out

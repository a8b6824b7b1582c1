--[[
webhooks/update_subscription: new terms, secrets or status of a subscription, unless somebody changed it meanwhile. What
changes nothing leaves no trace.

retry: keyed
KEYS
  1 prefix      the shard's prefix
  2 tenant      the owner's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2], or empty for the admin key
  2 id          the subscription's id
  3 row         the row that the new one was made from
  4 letter      its status from now on: A, P or D
  5 content     sealed secrets, NUL, JSON of the terms
  6 reset       1 to begin to count failures anew, else 0
  7 asks        JSON of what the hot path is to look out for, or empty
  8 entry       JSON of the audit entry; empty for one of many rows, whose action has the entry
  9 context     JSON of request and trace ids for the event
  10 event      webhook.updated, webhook.paused or webhook.resumed
  11 payload    JSON of the event's data
REPLIES
  STALE value              the tenant's present status and epoch
  UPDATED updated_ms f..   done, found done, or nothing to do; failures in a row, and the times of the last delivery,
                           success and failure, ms or empty
  CHANGED row              the subscription is another by now
  NOT_FOUND                the owner has no such subscription
  TOO_MANY                 the owner's subscriptions would ask for too many different thresholds
  CLOSED                   the tenant is closed
EVENTS
  webhook.updated, webhook.paused, webhook.resumed; none when only failures are counted anew
COMPLEXITY
  O(what the owner's subscriptions ask for, at most 81 things); about 35 calls
]]
--include <clock>
--include <guard>
--include <tenant>
--include <audit>
--include <outbox>
--include <webhooks/hooks>
--include <webhooks/facts>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call, id = redis.call, ARGV[2]
local rows_key, facts_key = tenant_key .. ':wh', tenant_key .. ':wf:' .. id
local status = call('GET', tenant_key)
local row = call('HGET', rows_key, id)
local letter, created, updated, content = string.match(row or '', '^(%u)%z(%d+)%z(%d+)%z(.*)$')
local is_done = letter == ARGV[4] and content == ARGV[5]
if row and row ~= ARGV[3] and is_done then
    -- The very row this call brings: it was sent before.
    return facts.append({'UPDATED', updated}, tenant_key, id)
end
if ARGV[1] ~= '' and ARGV[1] ~= status then return {'STALE', status or ''} end
if not row then return {'NOT_FOUND'} end
if row ~= ARGV[3] then return {'CHANGED', row} end
if not letter then error({err = 'CORRUPT subscription'}) end
if string.sub(status or 'C', 1, 1) == 'C' then return {'CLOSED'} end
guard.types({facts_key, 'hash', tenant_key .. ':wk', 'hash', tenant_key .. ':wc', 'hash', tenant_key .. ':p', 'hash'})
local resets = ARGV[6] == '1' and (call('HGET', facts_key, 'failures') or '0') ~= '0'
if is_done and not resets then return facts.append({'UPDATED', updated}, tenant_key, id) end
local change = nil
if not is_done then change = hooks.change(tenant_key, id, ARGV[7]) end
if change == false then return {'TOO_MANY'} end
guard.journal(prefix, tenant_key)
local now, now_us = clock.now()
if resets then call('HSET', facts_key, 'failures', 0) end
if not is_done then
    tenant.bump(tenant_key, now_us)
    updated = now .. ''
    -- What happened until now is not for it.
    if ARGV[4] == 'A' and letter ~= 'A' then call('HSET', facts_key, 'active_ms', now) end
    call('HSET', rows_key, id, ARGV[4] .. '\0' .. created .. '\0' .. now .. '\0' .. ARGV[5])
    if change then hooks.write(tenant_key, id, change, now_us) end
    outbox.append(prefix, tenant_key, now, now_us, ARGV[10], ARGV[9], ARGV[11])
end
if ARGV[8] ~= '' then audit.append(prefix, tenant_key, now, now_us, ARGV[8]) end
return facts.append({'UPDATED', updated}, tenant_key, id)

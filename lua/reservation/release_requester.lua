--[[
reservation/release_requester: frees the next few holds of a requester, without their tokens.

retry: safe
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 requester   whose holds
  3 after       fencing token to begin after; 0 for the first call
  4 till        fencing token to end with; empty for the first call
  5 limit       at most so many, 1 to 100
  6 context     JSON of request and actor for events, or empty
REPLIES
  STALE value   the tenant's present status and epoch
  CLOSED        the tenant is closed
  RELEASED count failed after till more   freed, those past their time not counted; left because a record is corrupt;
                                          for the next call; 1 when one is needed
EVENTS
  stream entry B for each, X for a hold found past its expiry; with mark h custom.resource.released and
  custom.resource.expired with them; a message on hf:ev with mark w
COMPLEXITY
  O(limit * (log holds + blockers + ancestors))
]]
--include <clock>
--include <tenant>
--include <reservation/hold>
--include <reservation/derived>
--include <reservation/notice>

local prefix, tenant_key, tag, requester = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local after, till, limit = ARGV[3], ARGV[4], ARGV[5] + 0
local call = redis.call
local stale = tenant.stale(tenant_key, tag)
if stale then return {'STALE', stale} end
if string.sub(tag, 1, 1) == 'C' then return {'CLOSED'} end

local now, now_us = clock.now()
local id = string.format('%d', now_us)
local requester_key = tenant_key .. ':q:' .. requester
hold.check_batch(prefix, tenant_key, {}, 1, 1)
local told = notice.open(prefix, tenant_key, tag)
-- What is taken meanwhile is not the matter of this request, which so comes to an end.
if till == '' then till = call('ZRANGE', requester_key, -1, -1, 'WITHSCORES')[2] or '0' end

local count, failed, effort = 0, 0, 0
local found = call('ZRANGEBYSCORE', requester_key, '(' .. after, till, 'WITHSCORES', 'LIMIT', 0, limit)
local more = #found == 2 * limit and 1 or 0
for i = 1, #found, 2 do
    -- Holds that took much along are left to the next call when this one was long enough.
    if effort > derived.EFFORT_MAX then
        more = 1
        break
    end
    local name = found[i]
    after = found[i + 1]
    local value = redis.pcall('GET', tenant_key .. ':k:' .. name)
    local expires, fence, token, owner, kind, label, extension
    if type(value) == 'string' then
        expires, fence, token, owner, kind, label, extension = hold.open(value, true)
    end
    local reason = expires and expires + 0 <= now and 'X' or 'B'
    if extension then effort = effort + derived.effort(tenant_key, owner, extension) end
    local used = owner == requester
        and hold.free(tenant_key, name, reason, id, expires, fence, token, owner, kind, label, extension)
    if used then
        id = string.format('%d', used + 1)
        if reason == 'B' then count = count + 1 end
    else
        failed = failed + 1
    end
end
notice.tell(told, now, now_us, ARGV[6])
return {'RELEASED', count, failed, after, till, more}

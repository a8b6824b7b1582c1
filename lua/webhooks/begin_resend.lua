--[[
webhooks/begin_resend: decides on the delivery that sends the event of another once more: the one that was decided on
before, as long as it waits, and a new one from then on. The delivery is written by webhooks/enqueue.

retry: keyed
KEYS
  1 prefix      the owner's shard's prefix
  2 tenant      the owner's status letter and epoch
ARGV
  1 id          of the delivery
  2 next        id for the new one
  3 entry       JSON of the audit entry
REPLIES
  BEGUN next        the one to write
  WAITING next      it is there and on its way
  INACTIVE letter   the subscription's status
  NO_WEBHOOK        the subscription is gone
  NOT_FOUND         there is no such delivery
  CLOSED            the tenant is closed
EVENTS
  none
COMPLEXITY
  O(log audit entries); about 15 calls
]]
--include <clock>
--include <guard>
--include <audit>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
local CUT_OFF_MS = 600000
local key = prefix .. 'dv:' .. ARGV[1]
local d = call('HMGET', key, 'sub', 'again', 'again_ms')
local sub, next_id = d[1], d[2]
local now, now_us = clock.now()
if not sub then return {'NOT_FOUND'} end
if string.sub(call('GET', tenant_key) or '', 1, 1) == 'C' then return {'CLOSED'} end
local row = call('HGET', tenant_key .. ':wh', sub)
if not row then return {'NO_WEBHOOK'} end
local letter = string.sub(row, 1, 1)
if letter ~= 'A' then return {'INACTIVE', letter} end
if next_id then
    local state = call('HGET', prefix .. 'dv:' .. next_id, 'state')
    if state == 'P' or state == 'R' then return {'WAITING', next_id} end
    -- Decided on, but its request was cut off before it was written; what ended long ago may be gone as well.
    if not state and now - (d[3] or 0) < CUT_OFF_MS then return {'BEGUN', next_id} end
end
guard.journal(prefix, tenant_key)
call('HSET', key, 'again', ARGV[2], 'again_ms', now)
audit.append(prefix, tenant_key, now, now_us, ARGV[3])
return {'BEGUN', ARGV[2]}

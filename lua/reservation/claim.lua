--[[
reservation/claim: takes resources of any kind for requesters, each item on its own, in order.

retry: keyed
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 label       name of the API key, for events; with mark h also, after a line feed, JSON of request and actor
  3 limit       most concurrent reservations of the tenant, or empty
  4 swept_ms    until when the caller has expired what was due, or 0
  5 mode        T take, Q nothing is taken in the end: what would be?
  6.. items     per item: requester, resource, ttl_ms (0 for never), resource type, release token (36 characters), 1 for
                a question alone or 0
REPLIES
  STALE value             the tenant's present status and epoch
  CLOSED                  the tenant is closed
  SUSPENDED               the tenant is suspended
  BEHIND                  more is due than one call can expire
  LIMITED held till       the limit would be exceeded, nothing was taken; reservations held, when the first of them ends
                          (ms, empty for never)
  ITEMS held words..      reservations held before, empty without a limit; then per item: ACQUIRED, AVAILABLE (for a
                          question), ALREADY_HAD, ALREADY_HELD, NOT_AVAILABLE or NOT_VALID; expires_ms (all nines for
                          never), fencing token, release token, the name that is held, the record's extension (these
                          are empty when it is not the requester's); what is in the way, divided by line feeds: name,
                          kind, holder, until (ms), divided by tabs. Fewer items than were asked for: the call was long
                          enough, the rest was not looked at
EVENTS
  stream entry A for each ACQUIRED, X for a hold past its expiry; with mark h custom.resource.reserved and
  custom.resource.expired with them; a message on hf:ev with mark w
COMPLEXITY
  O(items * (log holds + blockers + ancestors)), at most 64 items, 256 with mode Q
]]
--include <clock>
--include <tenant>
--include <reservation/overdue>
--include <reservation/claim>
--include <reservation/notice>

local prefix, tenant_key, tag, label, limit = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]
local swept_ms, is_question = ARGV[4] + 0, ARGV[5] == 'Q'
local COST_MAX = is_question and 1200 or 600
local stale = tenant.stale(tenant_key, tag)
if stale then return {'STALE', stale} end
local status = string.sub(tag, 1, 1)
if status == 'C' then return {'CLOSED'} end
if status == 'S' then return {'SUSPENDED'} end
local context
label, context = string.match(label, '^([^\n]*)\n?(.*)$')

local now, now_us = clock.now()
local told = notice.open(prefix, tenant_key, tag)
local ended, _, more, id = overdue.sweep(tenant_key, string.format('%d', now_us), now, swept_ms > 0 and swept_ms or now,
    64)
if ended > 0 then notice.tell(told, now, now_us, '') end
if more then return {'BEHIND'} end

local s = claim.open(prefix, tenant_key, id, now, label)
local answers = {}
for i = 6, #ARGV, 6 do
    answers[#answers + 1] = claim.take(s, ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4],
        ARGV[i + 5] == '1')
    if s.cost > COST_MAX then break end
end
local held, first = claim.room(s, limit)
if first and not is_question then return {'LIMITED', held, first} end
if not is_question then claim.write(s) end
notice.tell(told, now, now_us, context)
local out = {'ITEMS', held}
for i = 1, #answers do
    local answer = answers[i]
    -- What was not written has no fencing token.
    if answer.hold and not answer.hold.fence then answer.word = 'AVAILABLE' end
    claim.reply(out, answer)
end
return out

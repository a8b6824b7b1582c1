--[[
reservation/transact: takes several resources as one transaction.

retry: keyed
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 label       name of the API key, for events; with mark h also, after a line feed, JSON of request and actor
  3 limit       most concurrent reservations of the tenant, or empty
  4 swept_ms    until when the caller has expired what was due, or 0
  5 method      A all or none, M as many as possible, F the first that is free
  6 question    1 nothing is taken: would it be? else 0
  7.. items     per item: requester, resource, ttl_ms (0 for never), resource type, release token (36 characters)
REPLIES
  STALE value             the tenant's present status and epoch
  CLOSED                  the tenant is closed
  SUSPENDED               the tenant is suspended
  BEHIND                  more is due than one call can expire
  LIMITED held till       as in reservation/claim
  TOO_LARGE               the items take more along than one call can bear; nothing was taken
  ITEMS held words..      as in reservation/claim; with method A and an item refused, the word of those that would have
                          been taken is AVAILABLE, and nothing was. Fewer items than were asked for: the rest was not
                          looked at
EVENTS
  stream entry A for each ACQUIRED, X for a hold past its expiry; with mark h custom.resource.reserved and
  custom.resource.expired with them; a message on hf:ev with mark w
COMPLEXITY
  O(items * (log holds + blockers + ancestors)), at most 100 items
]]
--include <clock>
--include <tenant>
--include <reservation/overdue>
--include <reservation/claim>
--include <reservation/notice>

local prefix, tenant_key, tag, label, limit = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]
local swept_ms, method, is_question = ARGV[4] + 0, ARGV[5], ARGV[6] == '1'
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

-- 100 items that take 400 blockers and ancestors along.
local COST_MAX = 1600
local s = claim.open(prefix, tenant_key, id, now, label)
-- The first one taken: that of this very call when it is sent again, which must not take another.
local first = method == 'F' and claim.sent_before(s, ARGV, 7, 5)
local answers, is_refused = {}, false
for i = 7, #ARGV, 5 do
    local answer = claim.take(s, ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4],
        first and i < first)
    local is_had = answer.word == 'ACQUIRED' or answer.word == 'ALREADY_HAD'
    answers[#answers + 1] = answer
    if s.cost > COST_MAX then return {'TOO_LARGE'} end
    is_refused = is_refused or not is_had
    -- What came to be had since the call was sent first does not keep its own hold out of the reply.
    if method == 'F' and is_had and not (first and i < first) then break end
end
local is_kept = not is_question and not (method == 'A' and is_refused)
local held, till = claim.room(s, limit)
if till and is_kept then return {'LIMITED', held, till} end
if is_kept then claim.write(s) end
notice.tell(told, now, now_us, context)
local out = {'ITEMS', held}
for i = 1, #answers do
    local answer = answers[i]
    -- What was not written has no fencing token.
    if answer.hold and not answer.hold.fence then answer.word = 'AVAILABLE' end
    claim.reply(out, answer)
end
return out

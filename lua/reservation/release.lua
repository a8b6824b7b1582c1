--[[
reservation/release: frees named resources, each item on its own, in order.

retry: safe
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2.. items     per item: requester, resource, release token (may be empty)
REPLIES
  STALE value   the tenant's present status and epoch
  CLOSED        the tenant is closed
  ITEMS words..  per item: RELINQUISHED, NOT_RESERVED, NOT_OWNER (right token, other requester), BAD_TOKEN
EVENTS
  stream entry R for each RELINQUISHED, X for a hold found past its expiry
COMPLEXITY
  O(items * log holds), at most 64 items; 6 calls an item
]]
--include <reservation/hold>

-- Hot: clock and tenant are written out below, because a closure costs 0.1 us in every call.
local tenant_key, tag = KEYS[2], ARGV[1]
local call = redis.call
local current = call('GET', tenant_key)
if current ~= tag then return {'STALE', current or ''} end
if string.byte(tag) == 67 then return {'CLOSED'} end

local time = call('TIME')
local id = time[1] .. string.sub('00000' .. time[2], -6)
local now = string.sub(id, 1, 13) + 0
if #ARGV > 4 then hold.check_batch(KEYS[1], tenant_key, ARGV, 2, 3) end

local out, n, last = {'ITEMS', nil}, 1, nil
for i = 2, #ARGV, 3 do
    local requester, name = ARGV[i], ARGV[i + 1]
    local value = call('GET', tenant_key .. ':k:' .. name)
    local word, reason = 'NOT_RESERVED', nil
    if value then
        local expires, fence, token, owner, kind, label = hold.open(value)
        if expires + 0 <= now then
            reason = 'X'
        elseif token ~= ARGV[i + 2] then
            word = 'BAD_TOKEN'
        elseif owner ~= requester then
            word = 'NOT_OWNER'
        else
            word, reason = 'RELINQUISHED', 'R'
        end
        if reason then
            if last then id = string.format('%d', last + 1) end
            local used, failure = hold.free(tenant_key, name, reason, id, expires, fence, owner, kind, label)
            if not used then return redis.error_reply(failure) end
            last = used
        end
    end
    n = n + 1
    out[n] = word
end
return out

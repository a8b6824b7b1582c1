--[[
reservation/expire: frees a tenant's holds that are past their expiry, each once.

retry: safe
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 limit       at most so many in this call, 1 to 200
REPLIES
  EXPIRED count failed more   ended; set aside because a record is corrupt; 1 if more are due
EVENTS
  stream entry X for each
COMPLEXITY
  O(limit * log holds)
]]
--include <clock>
--include <due>
--include <reservation/hold>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call = redis.call
local active_key = tenant_key .. ':act'
local now, now_us = clock.now()
local id = string.format('%d', now_us)
hold.check_batch(prefix, tenant_key, {}, 1, 2)

local limit = ARGV[1] + 0
local ended, failed = 0, 0
local members = call('ZRANGEBYSCORE', active_key, '-inf', now, 'LIMIT', 0, limit)
for i = 1, #members do
    local name = string.sub(members[i], 2)
    local value = redis.pcall('GET', tenant_key .. ':k:' .. name)
    local used = nil
    if type(value) == 'string' then
        local expires, fence, _, owner, kind, label = hold.open(value, true)
        if expires and expires + 0 <= now then
            used = hold.free(tenant_key, name, 'X', id, expires, fence, owner, kind, label)
        end
    end
    if used then
        id, ended = string.format('%d', used + 1), ended + 1
    elseif not value then
        -- An index entry without a record holds nothing.
        call('ZREM', active_key, members[i])
        failed = failed + 1
    else
        failed = failed + 1
        call('ZADD', active_key, now + 60000, members[i])
    end
end
due.settle(prefix, 'l', string.sub(tenant_key, #prefix + 3), active_key)
return {'EXPIRED', ended, failed, #members == limit and 1 or 0}

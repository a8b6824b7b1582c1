--[[
admin/expire_keys: tells of a tenant's API keys that have ended by themselves, each once. They are good for nothing from
that time on whether this runs or not.

retry: safe
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 limit       at most so many, 1 to 100
REPLIES
  EXPIRED count failed more now   keys told of; always 0; 1 when there are more; time in ms
EVENTS
  api_key.expired
COMPLEXITY
  O(limit * log events); 12 calls a key
]]
--include <clock>
--include <guard>
--include <due>
--include <outbox>
--include <admin/key_row>

local prefix, tenant_key, limit = KEYS[1], KEYS[2], ARGV[1] + 0
local protected, call = pcall, redis.call
local index, name = tenant_key .. ':kx', string.sub(KEYS[2], #KEYS[1] + 3)
guard.types({index, 'zset', tenant_key .. ':keys', 'hash', prefix .. 'due', 'zset', prefix .. 'seq', 'counter',
    prefix .. 'out', 'zset', tenant_key .. ':el', 'zset', prefix .. 'el', 'zset'})
local now, now_us = clock.now()
local ids = call('ZRANGEBYSCORE', index, '-inf', now, 'LIMIT', 0, limit)
local told = 0
for _, id in ipairs(ids) do
    local letter, _, document = key_row.parse(call('HGET', tenant_key .. ':keys', id) or '')
    if letter == 'A' then
        local is_read, json = protected(cjson.decode, document)
        local label = is_read and type(json) == 'table' and type(json.name) == 'string' and json.name or ''
        outbox.append(prefix, tenant_key, now, now_us, 'api_key.expired',
            '{"source":"expiry-sweeper","actor":{"type":"scheduler"}}', '{"key_id":"' .. id .. '","key_name":' ..
            cjson.encode(label) .. ',"previous_status":"ACTIVE","new_status":"EXPIRED"}')
        told = told + 1
    end
    call('ZREM', index, id)
end
due.settle(prefix, 'k', name, index)
return {'EXPIRED', told, 0, #ids == limit and 1 or 0, now}

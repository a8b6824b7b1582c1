--[[
events/trim: drops from a shard's logs what has ended: events after 90 days, audit entries after
400, dead letters after 14. Appending does so
too, but only in the logs of tenants that something happens to.

retry: safe
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
ARGV
  1 limit       at most so many of each log, 1 to 500
REPLIES
  TRIMMED events entries more   dropped; 1 when there may be more
EVENTS
  none
COMPLEXITY
  O(limit * log events); up to 5 calls each
]]
--include <clock>
--include <guard>

local prefix, limit = KEYS[1], ARGV[1] + 0
local call = redis.call
local EVENTS_MS, AUDIT_MS, DELIVERIES_MS = 7776000000, 34560000000, 1209600000
guard.types({prefix .. 'el', 'zset', prefix .. 'al', 'zset', prefix .. 'out', 'zset'})
local now = clock.now()
local place = (prefix) .. 't:'

local events = call('ZRANGEBYSCORE', prefix .. 'el', '-inf', (now - EVENTS_MS) * 1000, 'LIMIT', 0, limit)
for _, entry in ipairs(events) do
    local seq, kind, name = string.match(entry, '^(%d+):([^:]*):(.*)$')
    if seq then
        redis.pcall('ZREM', place .. name .. ':el', seq .. ':' .. kind)
        call('ZREM', prefix .. 'out', seq .. ':' .. name)
        call('DEL', prefix .. 'e:' .. seq)
    end
    call('ZREM', prefix .. 'el', entry)
end
for _, id in ipairs(call('ZRANGEBYSCORE', prefix .. 'dead', '-inf', now - DELIVERIES_MS, 'LIMIT', 0, limit)) do
    call('ZREM', prefix .. 'dead', id)
end
local entries = call('ZRANGEBYSCORE', prefix .. 'al', '-inf', (now - AUDIT_MS) * 1000, 'LIMIT', 0, limit)
for _, entry in ipairs(entries) do
    local seq, name = string.match(entry, '^(%d+):(.*)$')
    if seq then redis.pcall('ZREM', place .. name .. ':al', seq) end
    call('ZREM', prefix .. 'al', entry)
end
return {'TRIMMED', #events, #entries, (#events == limit or #entries == limit) and 1 or 0}

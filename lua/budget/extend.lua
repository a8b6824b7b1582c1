--[[
budget/extend: moves a live reservation's expiry later, counted from its present expiry.

retry: keyed
KEYS
  1 prefix       the shard's prefix
  2 tenant       the tenant's status letter and epoch
ARGV
  1 tag          the caller's cached value of KEYS[2]
  2 h            names the record
  3 created_ms   13 digits, from the reservation id
  4 key          22 characters: hash of the concrete path and the idempotency key
  5 fingerprint  22 characters: hash of the canonical request
  6 extend_by_ms 1 to 86400000
  7.. filter   scope filter of the caller's API key, each kind:id or kind:*; none for every scope
REPLIES
  STALE value              the tenant's present status and epoch
  EXTENDED expires now     the new expiry, ms
  REPLAYED expires now live  the expiry this key was given, ms; live is 1 while the reservation is active, else 0
  MISMATCH                 the same key with another request
  NOT_FOUND                no such reservation
  FOREIGN                  it belongs to another tenant
  OUT_OF_SCOPE             no segment of its path is named by the filter
  CLOSED                   the tenant is closed
  FINALIZED                already committed or released
  EXPIRED                  past expires_at_ms
  EXHAUSTED                no extensions left
EVENTS
  none
COMPLEXITY
  O(log live reservations); 8 calls
]]
--include <clock>
--include <tenant>
--include <budget/record>

local prefix, tenant_key = KEYS[1], KEYS[2]
local tag, h = ARGV[1], ARGV[2]
local call, pcall = redis.call, redis.pcall

local stale = tenant.stale(tenant_key, tag)
if stale then return {'STALE', stale} end

local key, log_key = prefix .. 'r:' .. h, prefix .. 'x:' .. h
local rec = call('GET', key)
if not rec or string.sub(rec, 2, 14) ~= ARGV[3] or string.byte(rec) == 68 then return {'NOT_FOUND'} end
local _, _, _, allowed, name, path = record.parse(rec)
if not path then error({err = 'CORRUPT reservation ' .. key}) end
if name ~= string.sub(tenant_key, #prefix + 3) then return {'FOREIGN'} end
if #ARGV > 6 and not record.within(path, ARGV, 7) then return {'OUT_OF_SCOPE'} end
local now = clock.now()
local state, expires, grace = string.sub(rec, 1, 1), string.sub(rec, 15, 27), string.sub(rec, 28, 32)
local used = string.sub(rec, 33, 35) + 0
if used > 0 then
    local stored = call('HGET', log_key, ARGV[4])
    if stored then
        if string.sub(stored, 1, 22) ~= ARGV[5] then return {'MISMATCH'} end
        return {'REPLAYED', string.sub(stored, 23), now, state == 'A' and now <= expires + grace and 1 or 0}
    end
end
if string.byte(tag) == 67 then return {'CLOSED'} end
if state == 'C' or state == 'R' then return {'FINALIZED'} end
if state ~= 'A' and state ~= 'X' then return {'NOT_FOUND'} end
if state == 'X' or now > expires + 0 then return {'EXPIRED'} end
if used >= allowed + 0 or used >= 999 then return {'EXHAUSTED'} end

local later, due_key = expires + ARGV[6], tenant_key .. ':due'
local r = pcall('ZADD', due_key, later + grace, h)
if type(r) == 'table' then return redis.error_reply(r.err) end
local fresh = r == 1
local function undo(failure)
    if fresh then call('ZREM', due_key, h) else call('ZADD', due_key, expires + grace, h) end
    return redis.error_reply(failure)
end
r = pcall('HSET', log_key, ARGV[4], ARGV[5] .. later)
if type(r) == 'table' then return undo(r.err) end
r = pcall('SETRANGE', tenant_key .. ':d:' .. string.sub(rec, 36, 42), string.sub(rec, 43, 45) * 64 + 7,
    struct.pack('>I6', later))
if type(r) == 'table' then
    call('HDEL', log_key, ARGV[4])
    return undo(r.err)
end
call('SET', key, string.sub(rec, 1, 14) .. later .. grace .. string.format('%03.0f', used + 1) .. string.sub(rec, 36))
return {'EXTENDED', later .. '', now}

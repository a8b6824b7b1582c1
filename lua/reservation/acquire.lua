--[[
reservation/acquire: takes named resources for requesters, each item on its own, in order.

retry: keyed
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 tag         the caller's cached value of KEYS[2]
  2 label       name of the API key, for events
  3.. items     per item: requester, resource, ttl_ms (0 for never), resource type, release token (36 characters)
REPLIES
  STALE value             the tenant's present status and epoch
  CLOSED                  the tenant is closed
  SUSPENDED               the tenant is suspended
  ITEMS now words..       now in ms; then per item: ACQUIRED, ALREADY_HAD or ALREADY_HELD, expires_ms (all nines for
                          never), fencing token, release token (empty when held by another), holder
EVENTS
  stream entry A for each ACQUIRED, X for a hold found past its expiry
COMPLEXITY
  O(items * log holds), at most 64 items; 7 calls for a free name, 3 for a held one
]]
--include <tenant>
--include <due>
--include <reservation/stream>
--include <reservation/hold>

local prefix, tenant_key = KEYS[1], KEYS[2]
local call, pcall, type = redis.call, redis.pcall, type
local stale = tenant.stale(tenant_key, ARGV[1])
if stale then return {'STALE', stale} end
local status = string.byte(ARGV[1])
if status == 67 then return {'CLOSED'} end
if status == 83 then return {'SUSPENDED'} end

-- Hot: the include clock is written out, and the time is turned into text once.
local time = call('TIME')
local id = time[1] .. string.sub('00000' .. time[2], -6)
local now_text = string.sub(id, 1, 13)
local now = now_text + 0
local label, active_key, stream_key = ARGV[2], tenant_key .. ':act', tenant_key .. ':ev'
local tenant_name = string.sub(tenant_key, #prefix + 3)
if #ARGV > 7 then hold.check_batch(prefix, tenant_key, ARGV, 3, 5) end

-- Takes a free name. Index entries first, through pcall, taken back if a later step fails; the record last.
local function take(name, requester, ttl_ms, kind, token)
    local lasts = ttl_ms == '0'
    local expires = lasts and hold.NEVER or (now + ttl_ms) .. ''
    local requester_key = tenant_key .. ':q:' .. requester
    -- Raises when the shard's due index is none, while nothing is written yet: then noting the deadline cannot fail.
    if not lasts then call('ZCARD', prefix .. 'due') end
    local r = pcall('ZADD', active_key, lasts and '+inf' or expires, 'k' .. name)
    if type(r) == 'table' then return nil, r.err end
    r = pcall('ZADD', requester_key, id, name)
    if type(r) == 'table' then
        call('ZREM', active_key, 'k' .. name)
        return nil, r.err
    end
    local fence, failure = stream.append(stream_key, id, 'A', hold.event(name, requester, kind, label, expires))
    if failure then
        call('ZREM', active_key, 'k' .. name)
        call('ZREM', requester_key, name)
        return nil, failure
    end
    if not lasts then due.note(prefix, 'l', tenant_name, expires) end
    if fence ~= id then call('ZADD', requester_key, fence, name) end
    id = fence
    call('SET', tenant_key .. ':k:' .. name, expires .. fence .. token .. requester .. '\n' .. kind .. '\n' .. label)
    return expires, fence
end

local out, n = {'ITEMS', now_text}, 2
for i = 3, #ARGV, 5 do
    local requester, name = ARGV[i], ARGV[i + 1]
    local value = call('GET', tenant_key .. ':k:' .. name)
    local word, expires, fence, token, holder
    if i > 3 then id = stream.after(id) end
    if value then
        local till, held_fence, held_token, owner = hold.open(value)
        if till > now then
            expires, fence, holder = string.sub(value, 1, 13), held_fence, owner
            if owner == requester then
                -- The caller's own token already stored: this is the re-sent call that took it.
                word, token = held_token == ARGV[i + 4] and 'ACQUIRED' or 'ALREADY_HAD', held_token
            else
                word, token = 'ALREADY_HELD', ''
            end
        else
            -- What take() writes must have its type before the old hold goes.
            call('ZCARD', tenant_key .. ':q:' .. requester)
            call('ZCARD', prefix .. 'due')
            local used, failure = hold.free(tenant_key, name, value, 'X', id, stream.append)
            if not used then return redis.error_reply(failure) end
            id = stream.after(used)
        end
    end
    if not word then
        expires, fence = take(name, requester, ARGV[i + 2], ARGV[i + 3], ARGV[i + 4])
        if not expires then return redis.error_reply(fence) end
        word, token, holder = 'ACQUIRED', ARGV[i + 4], requester
    end
    out[n + 1], out[n + 2], out[n + 3], out[n + 4], out[n + 5] = word, expires, fence, token, holder
    n = n + 5
end
return out

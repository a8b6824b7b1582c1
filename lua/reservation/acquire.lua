--[[
reservation/acquire: takes named resources for requesters, each item on its own, in order; for tenants without
registered resources, without a limit of concurrent reservations, and without subscriptions to events of resources
(mark h). The others take reservation/claim.

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
  stream entry A for each ACQUIRED, X for a hold found past its expiry; a message on hf:ev with mark w
COMPLEXITY
  O(items * log holds), at most 64 items; 7 calls for a free name, 3 for a held one
]]
--include <reservation/stream>
--include <reservation/hold>

-- Hot: clock, tenant and due are written out below, because a closure costs 0.1 us in every call; and the time is
-- turned into text once.
local prefix, tenant_key, tag = KEYS[1], KEYS[2], ARGV[1]
local call, pcall, type, format = redis.call, redis.pcall, type, string.format
local current = call('GET', tenant_key)
if current ~= tag then return {'STALE', current or ''} end
local status = string.byte(tag)
if status == 67 then return {'CLOSED'} end
if status == 83 then return {'SUSPENDED'} end

local time = call('TIME')
local id = time[1] .. string.sub('00000' .. time[2], -6)
local now_text = string.sub(id, 1, 13)
local now = now_text + 0
local label, active_key, stream_key, due_key = ARGV[2], tenant_key .. ':act', tenant_key .. ':ev', prefix .. 'due'
if #ARGV > 7 then hold.check_batch(prefix, tenant_key, ARGV, 3, 5) end

local out, n, is_told = {'ITEMS', now_text, nil, nil, nil, nil, nil}, 2, false
for i = 3, #ARGV, 5 do
    local requester, name, ttl_ms, kind, asked = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
    local hold_key, requester_key = tenant_key .. ':k:' .. name, tenant_key .. ':q:' .. requester
    local value = call('GET', hold_key)
    local word, expires, fence, token, holder
    if i > 3 then id = format('%d', id + 1) end
    if value then
        local old_kind, old_label, extension
        expires, fence, token, holder, old_kind, old_label, extension = hold.open(value)
        if expires + 0 > now then
            if holder ~= requester then
                word, token = 'ALREADY_HELD', ''
            else
                -- The caller's own token already stored: this is the re-sent call that took it.
                word = token == asked and 'ACQUIRED' or 'ALREADY_HAD'
            end
        else
            -- What is written below must have its type before the old hold goes.
            call('ZCARD', requester_key)
            call('ZCARD', due_key)
            local used, failure = hold.free(tenant_key, name, 'X', id, expires, fence, token, holder, old_kind,
                old_label, extension)
            if not used then return redis.error_reply(failure) end
            id, is_told = format('%d', used + 1), true
        end
    end
    if not word then
        -- The name is free. Index entries first, through pcall, taken back if a later step fails; the record last.
        local lasts, member = ttl_ms == '0', 'k' .. name
        expires = lasts and hold.NEVER or format('%d', now + ttl_ms)
        -- Raises when the shard's due index is none, while nothing is written: noting the deadline cannot fail then.
        if not lasts then call('ZCARD', due_key) end
        local r = pcall('ZADD', active_key, lasts and '+inf' or expires, member)
        if type(r) == 'table' then return redis.error_reply(r.err) end
        local failure
        r = pcall('ZADD', requester_key, id, name)
        if type(r) == 'table' then
            failure = r.err
        else
            fence, failure = stream.append(stream_key, id, 'A',
                name .. '\n' .. requester .. '\n' .. kind .. '\n' .. label .. '\n' .. expires)
            if failure then call('ZREM', requester_key, name) end
        end
        if failure then
            call('ZREM', active_key, member)
            return redis.error_reply(failure)
        end
        if not lasts then call('ZADD', due_key, 'LT', expires, 'l' .. string.sub(tenant_key, #prefix + 3)) end
        if fence ~= id then call('ZADD', requester_key, fence, name) end
        id, is_told = fence, true
        call('SET', hold_key, expires .. fence .. asked .. requester .. '\n' .. kind .. '\n' .. label)
        word, token, holder = 'ACQUIRED', asked, requester
    end
    out[n + 1], out[n + 2], out[n + 3], out[n + 4], out[n + 5] = word, expires, fence, token, holder
    n = n + 5
end
-- Mark w, the last of the tag: a live stream of the tenant is open somewhere.
if is_told and string.byte(tag, -1) == 119 then call('PUBLISH', 'hf:ev', string.sub(tenant_key, #prefix + 3)) end
return out

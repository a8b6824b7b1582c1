--[[
events/recent: counts the events of a shard since some time, newest first, a bounded number in one call.

The log says of each event its type: bodies are read of refused reservations, for their reason, and of the newest
refused and expired ones, to be shown. A refusal that stands for others that were not written counts for all of them.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
ARGV
  1 since       sequence number of the oldest event that counts
  2 before      +inf, or the last number of the call before with ( in front of it
  3 denials     how many of the newest refusals to give
  4 expiries    how many of the newest expiries to give
REPLIES
  RECENT more last read types reasons events fields..   more is 1 when there may be older ones; the number of the last
                        one and how many were read; then how many pairs there are of each kind: type and number of
                        events; reason and number of refusals; sequence number and body
EVENTS
  none
COMPLEXITY
  O(log events), at most 500 events a call; 1 call and 1 a refusal
]]
local ROOM = 500
local prefix = KEYS[1]
local denials_left, expiries_left = ARGV[3] + 0, ARGV[4] + 0
local found = redis.call('ZREVRANGEBYSCORE', prefix .. 'el', ARGV[2], ARGV[1], 'LIMIT', 0, ROOM)
local kinds, reasons, bodies = {}, {}, {}

local function add(counts, key, n) counts[key] = (counts[key] or 0) + n end

-- Reason of a refusal and how many it stands for; nothing when it cannot be read.
local function refusal(body)
    local context, payload = string.match(body, '^%d+%z[^%z]*%z[^%z]*%z([^%z]*)%z(.*)$')
    if not payload then return end
    local reason
    if string.sub(payload, 1, 1) == '{' then
        reason = string.match(payload, '"reason_code":"([^"\\]*)"')
    else
        reason = string.match(payload, '^[^%z]*%z[^%z]*%z([^%z]*)')
    end
    return reason, 1 + (string.match(context, '"suppressed":(%d%d?%d?%d?%d?%d?%d?%d?%d?)') or 0)
end

local last = ''
for i = 1, #found do
    local seq, kind = string.match(found[i], '^(%d+):(.*):[^:]*$')
    last = string.match(found[i], '^%d+') or last
    if seq then
        add(kinds, kind, 1)
        local is_denial, is_expiry = kind == 'reservation.denied', kind == 'reservation.expired'
        if is_denial or (is_expiry and expiries_left > 0) then
            local body = redis.pcall('GET', prefix .. 'e:' .. seq)
            if type(body) == 'string' then
                local reason, stands_for
                if is_denial then reason, stands_for = refusal(body) end
                if reason then add(reasons, reason, stands_for) end
                if (is_denial and denials_left > 0) or is_expiry then
                    bodies[#bodies + 1], bodies[#bodies + 2] = seq, body
                    if is_denial then denials_left = denials_left - 1 else expiries_left = expiries_left - 1 end
                end
            end
        end
    end
end
local out = {'RECENT', (#found == ROOM and last ~= '') and 1 or 0, last, #found, 0, 0, #bodies / 2}
for i, counts in ipairs({kinds, reasons}) do
    for key, n in pairs(counts) do
        out[#out + 1], out[#out + 2] = key, n
        out[4 + i] = out[4 + i] + 1
    end
end
for i = 1, #bodies do out[#out + 1] = bodies[i] end
return out

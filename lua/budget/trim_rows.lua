--[[
budget/trim_rows: deletes a string of a tenant's reservation directory once all of its reservations ended longer ago
than their records are kept, and forgets the scope paths that no row names any more. One string a call; a string with
many paths takes several, and goes with the last.

Strings are looked at in their order. One that is young, or can go within a day, is waited for; one with a reservation
that goes on for longer is set aside with the time to look again, so that it holds up nobody.

A string with a live row is never deleted, and what writes into a row that is there (commit, release, extend, expiry)
does so for live reservations only, whose row is live: state letters of row and record are written by the same call.

retry: safe
flags: allow-oom
KEYS
  1 prefix      the shard's prefix
  2 tenant      the tenant's status letter and epoch
ARGV
  1 keep_ms     how long finished reservations are kept, ms
  2 from        new for strings not looked at yet; 7 digits to look at those set aside from this one on
REPLIES
  TRIMMED rows paths next   rows deleted, scope paths forgotten; ARGV[2] of the next call, empty when this was the last
EVENTS
  none
COMPLEXITY
  O(1000 rows), 400 paths, 200 strings set aside; up to 25 calls
]]
--include <clock>
--include <guard>

local tenant_key, keep_ms, from = KEYS[2], ARGV[1] + 0, ARGV[2]
local call, format = redis.call, string.format
local ROWS, ROW_BYTES, PATHS, ASIDE, WAIT_MS = 1000, 64, 400, 200, 86400000
-- The first string not looked at yet; those before it that are still there; how many of these have a path's number.
local whole_key, aside_key, pins_key = tenant_key .. ':d0', tenant_key .. ':dk', tenant_key .. ':sk'
local numbers_key, paths_key = tenant_key .. ':sp', tenant_key .. ':sn'
local now = clock.now()

local function key_of(chunk) return tenant_key .. ':d:' .. format('%07d', chunk) end

-- When a string may go, ms; the numbers of the paths in its rows, each once.
local function read(chunk)
    local key = key_of(chunk)
    local rows = call('GET', key)
    if not rows or #rows ~= ROWS * ROW_BYTES then error({err = 'CORRUPT directory ' .. key}) end
    local free_ms, numbers, seen, unpack = 0, {}, {}, struct.unpack
    for at = 1, #rows, ROW_BYTES do
        local state, ended, expires, grace = unpack('>c1I6I6I2', rows, at)
        local number, _, high = unpack('>I4c1I2', rows, at + 53)
        number = high * 4294967296 + number
        if state == 'X' then
            ended = expires + grace
        elseif state ~= 'C' and state ~= 'R' then
            -- Live, or what cannot be read: not before it has ended for as long.
            ended = math.max(expires + grace, now)
        end
        if ended + keep_ms > free_ms then free_ms = ended + keep_ms end
        if not seen[number] then
            seen[number], numbers[#numbers + 1] = true, format('%.0f', number)
        end
    end
    return free_ms, numbers
end

-- One string set aside more, or less, has these numbers.
local function pin(numbers, change)
    local pins, set, clear = call('HMGET', pins_key, unpack(numbers)), {}, {}
    for i = 1, #numbers do
        local count = (pins[i] or 0) + change
        if count > 0 then
            set[#set + 1], set[#set + 2] = numbers[i], count
        elseif pins[i] then
            clear[#clear + 1] = numbers[i]
        end
    end
    if #set > 0 then call('HSET', pins_key, unpack(set)) end
    if #clear > 0 then call('HDEL', pins_key, unpack(clear)) end
end

-- Forgets those of the paths that only strings before `whole` named, of which none is there any more but `own`. Returns
-- how many, and whether these were all: a call has time for so many only, and does not delete the string then.
local function forget(numbers, whole, own)
    local paths = call('HMGET', paths_key, unpack(numbers))
    local pins = call('EXISTS', pins_key) == 1 and call('HMGET', pins_key, unpack(numbers)) or {}
    local loose, names = {}, {}
    for i = 1, #numbers do
        if paths[i] and (pins[i] or 0) - own <= 0 then loose[#loose + 1], names[#names + 1] = numbers[i], paths[i] end
    end
    if #names == 0 then return 0, true end
    local used, old_numbers, old_names, all = call('HMGET', numbers_key, unpack(names)), {}, {}, true
    for i = 1, #names do
        local used_in, number = string.match(used[i] or '', '^(%d%d%d%d%d%d%d) (%d+)$')
        if number == loose[i] and used_in + 0 < whole then
            all = #old_names < PATHS
            if not all then break end
            old_numbers[#old_numbers + 1], old_names[#old_names + 1] = loose[i], names[i]
        end
    end
    if #old_names == 0 then return 0, true end
    -- Until numbers are forgotten, counting fields tells the next one (budget/reserve).
    if not call('HGET', numbers_key, '') then call('HSET', numbers_key, '', call('HLEN', numbers_key)) end
    call('HDEL', numbers_key, unpack(old_names))
    call('HDEL', paths_key, unpack(old_numbers))
    return #old_names, all
end

local function check()
    guard.types({whole_key, 'string', aside_key, 'zset', pins_key, 'hash', numbers_key, 'hash', paths_key, 'hash'})
end

local function aside(chunk, free_ms)
    call('ZADD', aside_key, chunk, format('%07d %013.0f', chunk, free_ms))
end

if from == 'new' then
    local whole = (call('GET', whole_key) or '0') + 0
    local free_ms, numbers = nil, nil
    if (whole + 1) * ROWS <= (call('GET', tenant_key .. ':n') or '0') + 0 then
        local last = call('GETRANGE', key_of(whole), ROWS * ROW_BYTES - 41, ROWS * ROW_BYTES - 36)
        if #last ~= 6 then error({err = 'CORRUPT directory ' .. key_of(whole)}) end
        -- A row ends after it was made: neither this string nor one behind it can go before.
        if now > struct.unpack('>I6', last) + keep_ms then free_ms, numbers = read(whole) end
    end
    if free_ms and now > free_ms then
        check()
        local forgotten, all = forget(numbers, whole + 1, 0)
        if not all then return {'TRIMMED', 0, forgotten, from} end
        call('SET', whole_key, whole + 1)
        call('DEL', key_of(whole))
        return {'TRIMMED', ROWS, forgotten, from}
    end
    if free_ms and free_ms - now >= WAIT_MS then
        check()
        call('SET', whole_key, whole + 1)
        aside(whole, free_ms)
        pin(numbers, 1)
        return {'TRIMMED', 0, 0, from}
    end
    return {'TRIMMED', 0, 0, call('EXISTS', aside_key) == 1 and '0000000' or ''}
end

local found, after = call('ZRANGEBYSCORE', aside_key, from, '+inf', 'LIMIT', 0, ASIDE), nil
for i = 1, #found do
    local chunk, again_ms = string.match(found[i], '^(%d%d%d%d%d%d%d) (%d+)$')
    if not chunk then error({err = 'CORRUPT directory ' .. aside_key}) end
    after = format('%07d', chunk + 1)
    if now > again_ms + 0 then
        local free_ms, numbers = read(chunk)
        check()
        local forgotten, all = 0, true
        if now > free_ms then forgotten, all = forget(numbers, (call('GET', whole_key) or '0') + 0, 1) end
        if not all then return {'TRIMMED', 0, forgotten, chunk} end
        call('ZREM', aside_key, found[i])
        if now <= free_ms then
            aside(chunk, free_ms)
            return {'TRIMMED', 0, 0, after}
        end
        call('DEL', key_of(chunk))
        pin(numbers, -1)
        return {'TRIMMED', ROWS, forgotten, after}
    end
end
return {'TRIMMED', 0, 0, #found == ASIDE and after or ''}

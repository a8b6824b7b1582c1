-- notice: tells of what a call appends to a tenant's lock events, if the marks of the tenant's tag say that somebody
-- wants to know: the servers with live streams (mark w) by one message with the tenant's name on the channel hf:ev,
-- subscriptions (mark h) by an event custom.resource.* for each entry, written with it. The entries are read back from
-- the stream, so that scripts need not gather them.
--include <guard>
--include <outbox>
local notice = {}
do
    local REASONS = {R = 'release', B = 'bulk', F = 'forced', X = 'expired'}

    local function last_id(tenant_key)
        local last = redis.call('XREVRANGE', tenant_key .. ':ev', '+', '-', 'COUNT', 1)[1]
        return last and last[1] or '0-0'
    end

    -- Before the first entry of a call, and before it writes anything: raises when events could not be written. Nil
    -- when nobody wants to know. `tag` may be false for a tenant that is not there.
    function notice.open(prefix, tenant_key, tag)
        local marks = string.match(tag or '', '%l+$')
        if not marks then return nil end
        local is_kept = string.find(marks, 'h', 1, true) ~= nil
        if is_kept then guard.journal(prefix, tenant_key) end
        return {prefix = prefix, t = tenant_key, is_kept = is_kept, is_live = string.find(marks, 'w', 1, true) ~= nil,
            last = last_id(tenant_key)}
    end

    -- A time in RFC 3339.
    local function instant(ms)
        local floor = math.floor
        local day = floor(ms / 86400000)
        local rest = ms - day * 86400000
        -- Days since the first of March of year 0; a leap day is the last of its year.
        local z = day + 719468
        local era = floor(z / 146097)
        local of_era = z - era * 146097
        local year = floor((of_era - floor(of_era / 1460) + floor(of_era / 36524) - floor(of_era / 146096)) / 365)
        local of_year = of_era - (365 * year + floor(year / 4) - floor(year / 100))
        local month = floor((5 * of_year + 2) / 153)
        local date = of_year - floor((153 * month + 2) / 5) + 1
        month = month < 10 and month + 3 or month - 9
        year = year + era * 400 + (month <= 2 and 1 or 0)
        return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, date, floor(rest / 3600000),
            floor(rest / 60000) % 60, floor(rest / 1000) % 60, rest % 1000)
    end

    local function list(names)
        local out = {}
        for name in string.gmatch(names, '[^\t]+') do out[#out + 1] = cjson.encode(name) end
        return '[' .. table.concat(out, ',') .. ']'
    end

    -- Type and data of the event about an entry.
    local function event(id, letter, value)
        local resource, requester, kind, label, expires, rest =
            string.match(value, '^([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n(%d+)(.*)$')
        if not resource then error({err = 'CORRUPT entry of a lock event'}) end
        local slot, names = string.match(rest, '^\n([^\n]*)\n([^\n]*)$')
        local data = '{"resource":' .. cjson.encode(resource) .. ',"requester":' .. cjson.encode(requester)
            .. ',"resource_type":' .. cjson.encode(kind) .. ',"api_key_label":' .. cjson.encode(label)
        if expires ~= '9999999999999' then data = data .. ',"expires_at":"' .. instant(expires + 0) .. '"' end
        if slot and slot ~= '' then data = data .. ',"slot":' .. cjson.encode(slot) end
        local reason = REASONS[letter]
        if reason then
            data = data .. ',"released":' .. list(names or resource) .. ',"reason":"' .. reason .. '"'
        elseif names and names ~= '' then
            data = data .. ',"blockers":' .. list(names)
        end
        local word = letter == 'A' and 'reserved' or letter == 'X' and 'expired' or 'released'
        return 'custom.resource.' .. word, data .. ',"fencing_token":' .. string.match(id, '^%d+') .. '}'
    end

    -- Tells of the entries since open(), or since it was called last. `context` is of whoever made the call; what has
    -- come to its end by itself is nobody's doing.
    function notice.tell(n, now, now_us, context)
        if not n then return end
        local last = last_id(n.t)
        if last == n.last then return end
        if n.is_kept then
            local entries = redis.call('XRANGE', n.t .. ':ev', '(' .. n.last, '+', 'COUNT', 1000)
            for i = 1, #entries do
                local letter = entries[i][2][1]
                local kind, data = event(entries[i][1], letter, entries[i][2][2])
                outbox.append(n.prefix, n.t, now, now_us, kind, letter == 'X' and '' or context, data)
            end
        end
        n.last = last
        if n.is_live then redis.call('PUBLISH', 'hf:ev', string.sub(n.t, #n.prefix + 3)) end
    end
end

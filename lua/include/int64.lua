-- int64: exact decimal arithmetic for amounts that doubles cannot hold (2^53 and above).
-- A value is a pair (hi, lo): value = hi * 1e10 + lo with 0 <= lo < 1e10; hi may be negative. Pairs, not tables: no
-- garbage. parse takes a decimal string of up to 19 digits; text gives the shortest decimal string back.
-- open() builds the functions on demand: hot scripts include this file and hardly ever need it (a closure costs 0.1
-- us).
local int64 = {}
function int64.open()
    if int64.parse then return int64 end
    local BASE = 1e10

    function int64.parse(s)
        local n = #s
        if n <= 10 then return 0, s + 0 end
        return string.sub(s, 1, n - 10) + 0, string.sub(s, n - 9) + 0
    end

    -- Whether a decimal string is within 0 ... 9223372036854775807.
    function int64.sound(s)
        return #s < 19 or (#s == 19 and s <= '9223372036854775807')
    end

    function int64.add(ah, al, bh, bl)
        local lo = al + bl
        if lo >= BASE then return ah + bh + 1, lo - BASE end
        return ah + bh, lo
    end

    function int64.sub(ah, al, bh, bl)
        local lo = al - bl
        if lo < 0 then return ah - bh - 1, lo + BASE end
        return ah - bh, lo
    end

    function int64.less(ah, al, bh, bl)
        return ah < bh or (ah == bh and al < bl)
    end

    -- True when a non-negative pair is within 0 ... 9223372036854775807.
    function int64.fits(h, l)
        return h >= 0 and (h < 922337203 or (h == 922337203 and l <= 6854775807))
    end

    -- Decimal text of a pair; negative values included.
    function int64.text(h, l)
        if h < 0 then
            local nh, nl = int64.sub(0, 0, h, l)
            return '-' .. int64.text(nh, nl)
        end
        if h == 0 then return string.format('%.0f', l) end
        return string.format('%.0f%010.0f', h, l)
    end

    -- Eight big-endian bytes of a non-negative pair, as directory rows store amounts.
    function int64.bytes(h, l)
        local out = {}
        for i = 8, 1, -1 do
            local r = h % 256
            h = (h - r) / 256
            local carried = r * BASE + l
            local low = carried % 256
            l = (carried - low) / 256
            out[i] = string.char(low)
        end
        return table.concat(out)
    end
    return int64
end

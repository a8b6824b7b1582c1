-- int64_spec: every operation of the include int64 on pairs of decimal strings (ARGV, two a pair). Per pair it replies
-- with: a and b as text, a + b, a - b, b - a, whether a < b, whether a + b and a - b are within int64 and whether a is,
-- the eight bytes of a.
--include <int64>
local big = int64.open()

local function word(yes) return yes and 'yes' or 'no' end

local out = {}
for i = 1, #ARGV, 2 do
    local a, b = ARGV[i], ARGV[i + 1]
    local ah, al = big.parse(a)
    local bh, bl = big.parse(b)
    local sh, sl = big.add(ah, al, bh, bl)
    local dh, dl = big.sub(ah, al, bh, bl)
    local row = {big.text(ah, al), big.text(bh, bl), big.text(sh, sl), big.text(dh, dl),
        big.text(big.sub(bh, bl, ah, al)), word(big.less(ah, al, bh, bl)), word(big.fits(sh, sl)),
        word(big.fits(dh, dl)), word(big.sound(a)), big.bytes(ah, al)}
    for _, value in ipairs(row) do out[#out + 1] = value end
end
return out

-- ledger: reading and moving a ledger, which is the string <tenant>:l:<unit>:<path>:
-- "a r s d o f": allocated, reserved, spent, debt, overdraft limit (decimal, 0 ... 2^63-1), then flags: letters of
-- C closed, F frozen, O over limit, then its own overage policy r, i or o, or 0 for none.
-- remaining = a - r - s - d is never stored. A snapshot lists the ledgers as they were before the operation:
-- "<path length, 3 digits> a r s d o f;" each. Writing a ledger is one SET, which cannot fail once GET has seen a
-- string.
--include <int64>
local ledger = {}
do
    function ledger.corrupt(key)
        error({err = 'CORRUPT ledger ' .. key})
    end

    -- allocated, reserved, spent, debt, limit, flags as texts; nothing when the text is no ledger. Whether the amounts
    -- are within int64 is for the caller to see.
    function ledger.fields(v)
        return string.match(v, '^(%d+) (%d+) (%d+) (%d+) (%d+) ([CFO]*[0rio])$')
    end

    -- A ledger's text with `amount` given back from reserved; nil when it is no ledger or holds less than that.
    function ledger.give_back(v, amount)
        -- Nearly always, and then cheaper; with so few characters no amount has more than 18 digits.
        local a, r, rest = string.match(v, '^(%d+) (%d+)( %d+ %d+ %d+ [CFO]*[0rio])$')
        if not a then return nil end
        if #a < 19 and #rest < 26 and r + 0 < 9007199254740992 then
            local left = r - amount
            return left >= 0 and string.format('%s %d%s', a, left, rest) or nil
        end
        local big, s, d, o, f = int64.open(), nil, nil, nil, nil
        a, r, s, d, o, f = ledger.fields(v)
        if not (big.sound(a) and big.sound(r) and big.sound(s) and big.sound(d) and big.sound(o)) then return nil end
        local rh, rl = big.parse(r)
        local h, l = big.sub(rh, rl, big.parse(amount))
        return h >= 0 and a .. ' ' .. big.text(h, l) .. ' ' .. s .. ' ' .. d .. ' ' .. o .. ' ' .. f or nil
    end
end

-- overage: what a commit books in each ledger (runtime digest 2.12). Policy letters: R reject, I allow if available,
-- O allow with overdraft; F reject only what a scope has no room for (of a charge without a reservation). settle()
-- takes the ledgers' texts, the reserved and the actual amount as decimal strings; it returns
--   outcome   'OK', 'EXCEEDED', 'OVERDRAFT' or 'CORRUPT' (no ledger, holds less than reserved, or would leave int64);
--             then, unless OK, the index of the ledger concerned
--   charged   decimal string, and the same as eight big-endian bytes
--   effects   one letter a ledger: p paid (spent += charged), k paid, short and flagged over limit, o overdraft
--             (spent += reserved, debt += actual - reserved)
--   texts     the ledgers' new texts
-- commit needs it only now and then: the functions inside are made when it is called, for each costs every call of a
-- script that merely includes it.
--include <int64>
local overage = {}
do
    local EXACT = 9007199254740992

    function overage.settle(ledgers, reserved, actual, policy)
        -- A number below 2^53 in full digits.
        local function text(n)
            return string.format('%d', n)
        end

        local function flagged(letters)
            return string.find(letters, 'O', 1, true) and letters or 'O' .. letters
        end

        -- Both variants state one rule; this one in plain doubles, where every sum is exact.
        local function settle_small(rows, held, used, rule)
            local effects, delta, least, at, n = {}, used - held, nil, nil, #rows
            for i = 1, n do
                local v = rows[i]
                local r, d = v[2] + 0, v[4] + 0
                if r < held then return 'CORRUPT', i end
                effects[i] = 'p'
                if delta > 0 then
                    local room = v[1] - r - v[3] - d
                    if room < delta then
                        effects[i], at = (rule == 'O') and 'o' or 'k', at or i
                        if rule == 'O' and d + delta > v[5] + 0 then return 'OVERDRAFT', i end
                    end
                    if not least or room < least then least = room end
                end
            end
            if delta > 0 and rule == 'R' then return 'EXCEEDED', at or 1 end
            if at and rule == 'F' then return 'EXCEEDED', at end
            local charged = used
            if at and rule == 'I' then charged = held + math.max(0, least) end
            local texts = {}
            for i = 1, n do
                local v = rows[i]
                local spent, debt, letters = v[3] + charged, v[4], v[6]
                if effects[i] == 'o' then spent, debt = v[3] + held, text(debt + delta) end
                if effects[i] == 'k' then letters = flagged(letters) end
                texts[i] = v[1] .. ' ' .. text(v[2] - held) .. ' ' .. text(spent) .. ' ' .. debt .. ' ' .. v[5]
                    .. ' ' .. letters
            end
            return 'OK', charged, nil, effects, texts
        end

        local function settle_large(rows, held, used, rule)
            local big = int64.open()
            local rh, rl = big.parse(held)
            local ah, al = big.parse(used)
            local dh, dl = big.sub(ah, al, rh, rl)
            local over = big.less(0, 0, dh, dl)
            local effects, lh, ll, at = {}, nil, nil, nil
            for i = 1, #rows do
                for f = 1, 5 do
                    if not big.sound(rows[i][f]) then return 'CORRUPT', i end
                end
            end
            for i = 1, #rows do
                local v = rows[i]
                local vh, vl = big.parse(v[2])
                if big.less(vh, vl, rh, rl) then return 'CORRUPT', i end
                local h, l = big.parse(v[1])
                for f = 2, 4 do h, l = big.sub(h, l, big.parse(v[f])) end
                effects[i] = 'p'
                if over and big.less(h, l, dh, dl) then
                    effects[i], at = (rule == 'O') and 'o' or 'k', at or i
                    local th, tl = big.add(dh, dl, big.parse(v[4]))
                    local oh, ol = big.parse(v[5])
                    -- What is missing then must be within int64, too: -2^63 is, so one less is compared.
                    local mh, ml = big.sub(dh, dl, h, l)
                    mh, ml = big.sub(mh, ml, 0, 1)
                    if rule == 'O' and (big.less(oh, ol, th, tl) or not big.fits(mh, ml)) then
                        return 'OVERDRAFT', i
                    end
                end
                if not lh or big.less(h, l, lh, ll) then lh, ll = h, l end
            end
            if over and rule == 'R' then return 'EXCEEDED', at or 1 end
            if at and rule == 'F' then return 'EXCEEDED', at end
            local ch, cl = ah, al
            if at and rule == 'I' then
                if big.less(lh, ll, 0, 0) then lh, ll = 0, 0 end
                ch, cl = big.add(rh, rl, lh, ll)
            end
            local texts = {}
            for i = 1, #rows do
                local v = rows[i]
                local bh, bl, debt, letters = ch, cl, v[4], v[6]
                if effects[i] == 'o' then
                    bh, bl = rh, rl
                    debt = big.text(big.add(dh, dl, big.parse(v[4])))
                end
                if effects[i] == 'k' then letters = flagged(letters) end
                local sh, sl = big.add(bh, bl, big.parse(v[3]))
                if not big.fits(sh, sl) then return 'CORRUPT', i end
                local vh, vl = big.parse(v[2])
                texts[i] = v[1] .. ' ' .. big.text(big.sub(vh, vl, rh, rl)) .. ' ' .. big.text(sh, sl) .. ' ' .. debt
                    .. ' ' .. v[5] .. ' ' .. letters
            end
            return 'OK', big.text(ch, cl), big.bytes(ch, cl), effects, texts
        end

        local rows, total = {}, reserved + actual
        for i = 1, #ledgers do
            local v = {string.match(ledgers[i], '^(%d+) (%d+) (%d+) (%d+) (%d+) ([CFO]*[0rio])$')}
            if not v[1] then return 'CORRUPT', i end
            rows[i], total = v, total + v[1] + v[2] + v[3] + v[4] + v[5]
        end
        if total >= EXACT then return settle_large(rows, reserved, actual, policy) end
        local outcome, charged, _, effects, texts = settle_small(rows, reserved + 0, actual + 0, policy)
        if outcome ~= 'OK' then return outcome, charged end
        return outcome, text(charged), struct.pack('>I8', charged), effects, texts
    end
end

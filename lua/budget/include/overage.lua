-- overage: what a commit books in each ledger (runtime digest 2.12). Policy letters: R reject, I allow if available,
-- O allow with overdraft. settle() takes the ledger rows (fields as ledger.read gives them), the reserved and the actual
-- amount as decimal strings; it returns
--   outcome   'OK', 'EXCEEDED', 'OVERDRAFT' (with the row's index) or 'CORRUPT' (row's index: the result leaves int64)
--   charged   decimal string, and the same as eight big-endian bytes unless it equals `actual` (then nil)
--   effects   one letter a row: p paid (spent += charged), k paid, short and flagged over limit, o overdraft (spent +=
--             reserved, debt += actual - reserved)
--   delta     actual - reserved as text, where a row has the effect o
--include <int64>
local overage = {}
do
    local EXACT = 9007199254740992

    -- Both variants state one rule; this one in plain doubles, where every sum is exact.
    local function settle_small(rows, reserved, actual, policy)
        local effects, delta, least, at = {}, actual - reserved, nil, nil
        for i = 1, #rows do
            local v = rows[i]
            if v[2] + 0 < reserved then return 'CORRUPT', i end
            local room = v[1] - v[2] - v[3] - v[4]
            effects[i] = 'p'
            if delta > 0 and room < delta then
                effects[i], at = (policy == 'O') and 'o' or 'k', at or i
                if policy == 'O' and v[4] + delta > v[5] + 0 then return 'OVERDRAFT', i end
            end
            if not least or room < least then least = room end
        end
        if delta > 0 and policy == 'R' then return 'EXCEEDED', at or 1 end
        local charged = actual
        if at and policy == 'I' then charged = reserved + math.max(0, least) end
        return 'OK', charged, effects, delta
    end

    local function settle_large(rows, reserved, actual, policy)
        local big = int64.open()
        local rh, rl = big.parse(reserved)
        local ah, al = big.parse(actual)
        local dh, dl = big.sub(ah, al, rh, rl)
        local over = big.less(0, 0, dh, dl)
        local effects, lh, ll, at = {}, nil, nil, nil
        for i = 1, #rows do
            local v = rows[i]
            local vh, vl = big.parse(v[2])
            if big.less(vh, vl, rh, rl) then return 'CORRUPT', i end
            local h, l = big.parse(v[1])
            for f = 2, 4 do h, l = big.sub(h, l, big.parse(v[f])) end
            effects[i] = 'p'
            if over and big.less(h, l, dh, dl) then
                effects[i], at = (policy == 'O') and 'o' or 'k', at or i
                local th, tl = big.add(dh, dl, big.parse(v[4]))
                local oh, ol = big.parse(v[5])
                if policy == 'O' and big.less(oh, ol, th, tl) then return 'OVERDRAFT', i end
            end
            if not lh or big.less(h, l, lh, ll) then lh, ll = h, l end
        end
        if over and policy == 'R' then return 'EXCEEDED', at or 1 end
        local ch, cl = ah, al
        if at and policy == 'I' then
            if big.less(lh, ll, 0, 0) then lh, ll = 0, 0 end
            ch, cl = big.add(rh, rl, lh, ll)
        end
        for i = 1, #rows do
            local bh, bl = ch, cl
            if effects[i] == 'o' then bh, bl = rh, rl end
            local sh, sl = big.add(bh, bl, big.parse(rows[i][3]))
            if not big.fits(sh, sl) then return 'CORRUPT', i end
        end
        return 'OK', big.text(ch, cl), effects, over and big.text(dh, dl) or '0', big.bytes(ch, cl)
    end

    function overage.settle(rows, reserved, actual, policy)
        local total = reserved + actual
        for i = 1, #rows do
            local v = rows[i]
            total = total + v[1] + v[2] + v[3] + v[4] + v[5]
        end
        if total >= EXACT then return settle_large(rows, reserved, actual, policy) end
        local outcome, charged, effects, delta = settle_small(rows, reserved + 0, actual + 0, policy)
        if outcome ~= 'OK' then return outcome, charged end
        if charged == actual + 0 then return outcome, actual, effects, string.format('%.0f', delta), nil end
        return outcome, string.format('%.0f', charged), effects, '0', struct.pack('>I8', charged)
    end
end

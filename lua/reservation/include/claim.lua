-- claim: evaluates acquisitions of any resource, plain or registered, on what Redis holds and on what the claims before
-- it took, without writing; what was granted is written in the end, all at once, or not at all. So one body of rules
-- serves single items, transactions, and questions of what would be.
--
-- What is taken beside the name asked for (a slot, blockers, ancestors) is never the cause of taking more. derived.lua
-- says how it is recorded.
--include <few>
--include <reservation/stream>
--include <reservation/hold>
--include <reservation/derived>
--include <reservation/definition>
local claim = {}
do
    local call, format, gmatch = redis.call, string.format, string.gmatch
    local SYSTEM, NEVER = derived.SYSTEM, hold.NEVER
    -- Slots of a pool that are passed over because of holds older than the pool.
    local FOREIGN_MAX = 64
    local DEPTH_MAX = 32

    -- What is known of a tenant. `undone` has what to put back when a claim fails.
    function claim.open(prefix, tenant_key, id, now, label)
        -- Counting raises WRONGTYPE for a key of another type, while nothing is written.
        call('ZCARD', tenant_key .. ':act')
        call('XLEN', tenant_key .. ':ev')
        call('ZCARD', prefix .. 'due')
        return {prefix = prefix, t = tenant_key, id = id, now = now, label = label, definitions = {}, holds = {},
            pools = {}, nodes = {}, needs = {}, requesters = {}, grants = {}, systems = {}, undone = {}, cost = 0}
    end

    local function set(s, map, key, value)
        s.undone[#s.undone + 1] = {map, key, map[key]}
        map[key] = value
    end

    local function roll_back(s)
        for i = #s.undone, 1, -1 do
            local step = s.undone[i]
            step[1][step[2]] = step[3]
        end
    end

    local function definition_of(s, name)
        local d = s.definitions[name]
        if d == nil then
            local row = call('HGET', s.t .. ':def', name)
            d = row and definition.parse(row)
            s.definitions[name] = d
        end
        return d
    end

    -- Definition, registered name and number of the slot that a name means; false and the name when it is none.
    local function resolve(s, name)
        local d = definition_of(s, name)
        if d then return d, name end
        local base, slot = definition.slot(name)
        if base then
            d = definition_of(s, base)
            if d and d.is_pool then return d, base, slot end
        end
        return false, name
    end

    local function hold_at(s, name)
        local h = s.holds[name]
        if h == nil then
            local value = call('GET', s.t .. ':k:' .. name)
            h = false
            if value then
                local expires, fence, token, requester, kind, label, extension = hold.open(value)
                h = {expires = expires, fence = fence, token = token, requester = requester, kind = kind,
                    label = label, extension = extension}
            end
            s.holds[name] = h
        end
        return h
    end

    local function pool_of(s, base)
        local p = s.pools[base]
        if not p then
            p = {n = (call('HGET', s.t .. ':ph:' .. base, 'n') or 0) + 0, lists = {}, were = {}, taken = {},
                bits = call('STRLEN', s.t .. ':pb:' .. base) * 8, from = 0}
            s.pools[base] = p
        end
        return p
    end

    -- The units of a pool that a requester holds, numbers divided by spaces: those that Redis has, and those taken
    -- since, each with a space before it. Two texts, because the first may be long.
    local function units_of(s, p, base, who)
        local were = p.were[who]
        if not were then
            were = call('HGET', s.t .. ':ph:' .. base, 'r' .. who) or ''
            p.lists[who], p.were[who] = '', were
        end
        return were, p.lists[who]
    end

    local function node_of(s, name)
        local node = s.nodes[name]
        if not node then
            local key = s.t .. ':an:' .. name
            local both = call('HGET', key, '')
            node = {count = call('HLEN', key) - (both and 1 or 0), both = (both or 0) + 0, below = {}, were = {}}
            node.both_was = node.both
            s.nodes[name] = node
        end
        return node
    end

    -- How many holds below a node a requester has.
    local function below(s, node, name, who)
        local n = node.below[who]
        if not n then
            n = (call('HGET', s.t .. ':an:' .. name, who) or 0) + 0
            node.below[who], node.were[who] = n, n
        end
        return n
    end

    -- Whether a requester holds a unit of the resource itself.
    local function has(s, d, base, who)
        if d.is_pool then
            local were, more = units_of(s, pool_of(s, base), base, who)
            return were ~= '' or more ~= ''
        end
        local h = hold_at(s, base)
        return h and h.requester == who
    end

    -- Units in use: those held, and one for each requester that holds something below and nothing here.
    local function used(s, d, base)
        local n
        if d.is_pool then n = pool_of(s, base).n else n = hold_at(s, base) and 1 or 0 end
        if d.is_ancestor then
            local node = node_of(s, base)
            n = n + node.count - node.both
        end
        return n
    end

    -- Whether there is a unit for a requester; what it has below the node, it has already.
    local function has_room(s, d, base, who)
        local n = used(s, d, base)
        if d.is_ancestor and who ~= SYSTEM and below(s, node_of(s, base), base, who) > 0
            and not has(s, d, base, who) then
            n = n - 1
        end
        return n < d.capacity
    end

    -- The first free slot of a pool, as text; nothing when none is left, or holds older than the pool are in the way.
    local function free_slot(s, d, base)
        local p, key = pool_of(s, base), s.t .. ':pb:' .. base
        local at, passed = p.from, 0
        while at < d.capacity do
            if at < p.bits then
                local free = call('BITPOS', key, 0, at, -1, 'BIT')
                at = free < 0 and p.bits or free
            end
            if at >= d.capacity then return nil end
            local slot = format('%d', at)
            if not p.taken[slot] then
                if not hold_at(s, base .. '_' .. slot) then
                    set(s, p, 'found', at)
                    return slot
                end
                passed = passed + 1
                if passed == FOREIGN_MAX then return nil end
            end
            at = at + 1
        end
    end

    -- Takes a unit for a requester; `slot` is empty for the bare name.
    local function take(s, d, base, who, unit, slot, h)
        if d.is_ancestor and who ~= SYSTEM and not has(s, d, base, who) then
            local node = node_of(s, base)
            if below(s, node, base, who) > 0 then set(s, node, 'both', node.both + 1) end
        end
        set(s, s.holds, unit, h)
        if not d.is_pool then return end
        local p = pool_of(s, base)
        local _, more = units_of(s, p, base, who)
        set(s, p, 'n', p.n + 1)
        set(s, p.lists, who, more .. ' ' .. (slot == '' and '-' or slot))
        if slot == '' then return end
        set(s, p.taken, slot, true)
        -- Nothing before what was found is free: later claims need not look there.
        if slot + 0 == p.found then set(s, p, 'from', p.found + 1) end
    end

    -- What keeps somebody from a resource: name, kind, holder and until when, the last two empty when there is no one
    -- answer.
    local function bottleneck(s, blocked, name, kind, d, base)
        local h = hold_at(s, name)
        local holder, till = '', ''
        if not h and d and not d.is_pool then h = hold_at(s, base) end
        if h then
            holder = h.requester
            if h.expires ~= NEVER then till = h.expires end
        elseif d and not d.is_pool and d.is_ancestor and node_of(s, base).count == 1 then
            for who, n in pairs(node_of(s, base).below) do
                if n > 0 then holder = who end
            end
            local fields = holder == '' and few.fields(s.t .. ':an:' .. base, 4) or {}
            for i = 1, #fields, 2 do
                if fields[i] ~= '' then holder = fields[i] end
            end
        end
        blocked[#blocked + 1] = name .. '\t' .. kind .. '\t' .. holder .. '\t' .. till
    end

    -- Ancestors of a registered resource, root first.
    local function chain(s, d)
        local up, names = d, {}
        while up.parent ~= '' do
            if #names == DEPTH_MAX then error({err = 'CORRUPT tree of resources'}) end
            table.insert(names, 1, up.parent)
            up = definition_of(s, up.parent)
            if not up then error({err = 'CORRUPT tree of resources'}) end
        end
        return names
    end

    -- Takes a blocker for a resource, or shares what the resource holds of it already; gives what is held of it.
    local function take_blocker(s, blocked, base, name)
        local needs = s.needs[base]
        local need = needs[name]
        if need == nil then
            local text = call('HGET', s.t .. ':bl:' .. base, name)
            need = false
            if text then
                local unit, count = string.match(text, '^([^\t]+)\t(%d+)$')
                if not unit then error({err = 'CORRUPT blocker'}) end
                need = {unit = unit, count = count + 0}
            end
            needs[name] = need
        end
        if need then
            set(s, needs, name, {unit = need.unit, count = need.count + 1, is_changed = true})
            return need.unit
        end
        local d, own, slot = resolve(s, name)
        local unit, number, is_free = name, slot or '', nil
        if d and d.is_pool and not slot then
            is_free = has_room(s, d, own, SYSTEM)
            if is_free and d.capacity > 1 then
                number = free_slot(s, d, own)
                is_free, unit = number ~= nil, name .. '_' .. (number or '')
            end
        else
            is_free = not slot or (slot + 0 < d.capacity and d.capacity > 1)
            if d then is_free = is_free and has_room(s, d, own, SYSTEM) end
        end
        is_free = is_free and not hold_at(s, unit)
        if not is_free then return bottleneck(s, blocked, name, 'BLOCKER', d, own) end
        local h = {expires = NEVER, token = derived.NO_TOKEN, requester = SYSTEM, kind = '', label = '',
            extension = '\nb' .. (d and d.is_pool and 'p' or '') .. '\n' .. own .. '\n' .. base .. '\n'}
        if d then take(s, d, own, SYSTEM, unit, number, h) else set(s, s.holds, unit, h) end
        set(s, s.systems, #s.systems + 1, {unit = unit, hold = h, grant = #s.grants + 1})
        set(s, needs, name, {unit = unit, count = 1, is_changed = true})
        return unit
    end

    local function take_ancestor(s, blocked, name, who)
        local d, node = definition_of(s, name), node_of(s, name)
        local n = below(s, node, name, who)
        if n == 0 then
            local is_held = has(s, d, name, who)
            if not is_held and used(s, d, name) >= d.capacity then
                return bottleneck(s, blocked, name, 'ANCESTOR', d, name)
            end
            set(s, node, 'count', node.count + 1)
            if is_held then set(s, node, 'both', node.both + 1) end
        end
        set(s, node.below, who, n + 1)
    end

    -- The answer for a resource that its requester has already.
    local function had(h, unit, token)
        return {word = h.token == token and 'ACQUIRED' or 'ALREADY_HAD', hold = h, unit = unit, blocked = {}}
    end

    -- What is asked for, while nothing keeps anybody from it: had already, or refused for good; else the definition,
    -- registered name, slot.
    local function look(s, requester, name, token, blocked)
        local d, base, slot = resolve(s, name)
        local h
        if d and d.is_pool and not slot then
            local were, more = units_of(s, pool_of(s, base), base, requester)
            local first = string.match(were, '^%S+') or string.match(more, '%S+')
            if first then
                local unit = first == '-' and base or base .. '_' .. first
                h = hold_at(s, unit)
                if not h then error({err = 'CORRUPT units of a pool'}) end
                return had(h, unit, token)
            end
        else
            h = hold_at(s, name)
            if h and h.requester == requester then return had(h, name, token) end
            if slot and (slot + 0 >= d.capacity or d.capacity == 1) then return {word = 'NOT_VALID', blocked = {}} end
        end
        if h then
            bottleneck(s, blocked, name, 'RESOURCE', d, base)
            return nil, 'ALREADY_HELD', d, base, slot
        end
        if d and not has_room(s, d, base, requester) then
            bottleneck(s, blocked, name, 'RESOURCE', d, base)
            return nil, d.capacity == 1 and 'ALREADY_HELD' or 'NOT_AVAILABLE', d, base, slot
        end
        return nil, nil, d, base, slot
    end

    -- Takes one item: {word, hold, unit, blocked}, words ACQUIRED, ALREADY_HAD, ALREADY_HELD, NOT_AVAILABLE,
    -- NOT_VALID. With `is_question` nothing is taken, and the word for what would be is AVAILABLE.
    function claim.take(s, requester, name, ttl_ms, kind, token, is_question)
        s.undone, s.cost = {}, s.cost + 4
        if not s.requesters[requester] then
            call('ZCARD', s.t .. ':q:' .. requester)
            s.requesters[requester] = true
        end
        local blocked = {}
        local answer, word, d, base, slot = look(s, requester, name, token, blocked)
        if answer then return answer end
        local ancestors, blockers, extension = nil, {}, ''
        if d then
            ancestors = chain(s, d)
            local skipped = {[base] = true, [name] = true}
            for i = 1, #ancestors do skipped[ancestors[i]] = true end
            s.needs[base] = s.needs[base] or {}
            local names, units = {}, {}
            for blocker in gmatch(d.blockers, '[^\t]+') do
                if not skipped[blocker] then names[#names + 1] = blocker end
            end
            -- Pools last: any of their slots will do, but not one that another blocker names.
            for _, is_pool_turn in ipairs({false, true}) do
                for i = 1, #names do
                    local blocker, _, number = resolve(s, names[i])
                    local is_pool = blocker and blocker.is_pool and not number
                    if (is_pool or false) == is_pool_turn then units[i] = take_blocker(s, blocked, base, names[i]) end
                end
            end
            for i = 1, #names do blockers[i] = names[i] .. '\t' .. (units[i] or '') end
            s.cost = s.cost + 3 * #names
            for i = 1, #ancestors do take_ancestor(s, blocked, ancestors[i], requester) end
            s.cost = s.cost + 3 * #ancestors
        end
        local unit, number = name, slot or ''
        if #blocked == 0 and d and d.is_pool and not slot and d.capacity > 1 then
            number = free_slot(s, d, base)
            unit = base .. '_' .. (number or '')
            if not number then bottleneck(s, blocked, name, 'RESOURCE', d, base) end
        end
        -- What came along may have taken it: a blocker that is a slot of the same pool.
        if #blocked == 0 and d and (hold_at(s, unit) or not has_room(s, d, base, requester)) then
            bottleneck(s, blocked, name, 'RESOURCE', d, base)
        end
        if #blocked > 0 then
            roll_back(s)
            return {word = word or 'NOT_AVAILABLE', blocked = blocked}
        end
        if d then
            extension = '\n' .. (d.is_pool and 'p' or '') .. (slot and 's' or '') .. '\n' .. base .. '\n'
                .. table.concat(blockers, '\t') .. '\n' .. table.concat(ancestors, '\t')
        end
        local h = {expires = ttl_ms == '0' and NEVER or format('%d', s.now + ttl_ms), token = token,
            requester = requester, kind = kind, label = s.label, extension = extension}
        if is_question then
            roll_back(s)
            return {word = 'AVAILABLE', hold = h, unit = unit, blocked = blocked}
        end
        if d then take(s, d, base, requester, unit, number, h) else set(s, s.holds, unit, h) end
        if d and d.is_pool then
            local p = pool_of(s, base)
            p.tokens = p.tokens or {}
            set(s, p.tokens, token, number == '' and '-' or number)
        end
        s.grants[#s.grants + 1] = {unit = unit, name = name, hold = h}
        return {word = 'ACQUIRED', hold = h, unit = unit, blocked = blocked}
    end

    -- With a limit of concurrent reservations: how many there were, and, when the limit would be exceeded, the time at
    -- which the first of them ends (empty for none).
    function claim.room(s, limit)
        if limit == '' then return '' end
        local active_key, after = s.t .. ':act', '(' .. format('%d', s.now)
        local held = call('ZCOUNT', active_key, after, '+inf')
        local text = format('%d', held)
        if held + #s.grants <= limit + 0 or #s.grants == 0 then return text end
        local first = call('ZRANGEBYSCORE', active_key, after, '(inf', 'WITHSCORES', 'LIMIT', 0, 1)
        return text, first[2] or ''
    end

    -- Where the first item begins whose release token is that of a hold of its requester: the call was sent before.
    function claim.sent_before(s, items, first, width)
        for i = first, #items, width do
            local answer = look(s, items[i], items[i + 1], items[i + 4], {})
            if answer and answer.word == 'ACQUIRED' then return i end
        end
    end

    local function record(s, unit, h)
        call('SET', s.t .. ':k:' .. unit, h.expires .. h.fence .. h.token .. h.requester .. '\n' .. h.kind .. '\n'
            .. h.label .. h.extension)
    end

    -- The names of a hold's blockers, divided by tabs.
    local function blocker_names(h)
        local names = {}
        local _, _, blockers = derived.parts(h.extension)
        for name in gmatch(blockers or '', '([^\t]+)\t[^\t]+') do names[#names + 1] = name end
        return table.concat(names, '\t')
    end

    local function write_grant(s, grant)
        local h, unit = grant.hold, grant.unit
        local value = grant.name .. '\n' .. h.requester .. '\n' .. h.kind .. '\n' .. s.label .. '\n' .. h.expires
        if h.extension ~= '' then
            value = value .. '\n' .. (unit == grant.name and '' or unit) .. '\n' .. blocker_names(h)
        end
        local fence, failure = stream.append(s.t .. ':ev', s.id, 'A', value)
        if failure then error({err = failure}) end
        s.id = format('%d', fence + 1)
        h.fence = fence
        call('ZADD', s.t .. ':act', h.expires == NEVER and '+inf' or h.expires, 'k' .. unit)
        call('ZADD', s.t .. ':q:' .. h.requester, fence, unit)
        if h.expires ~= NEVER then
            call('ZADD', s.prefix .. 'due', 'LT', h.expires, 'l' .. string.sub(s.t, #s.prefix + 3))
        end
        record(s, unit, h)
    end

    local function write_pool(s, base, p)
        local key = s.t .. ':ph:' .. base
        for who, list in pairs(p.lists) do
            local were = p.were[who]
            if list ~= '' then
                if were == '' then list = string.sub(list, 2) end
                call('HSET', key, 'r' .. who, were .. list, 'n', format('%d', p.n))
            end
        end
        for slot in pairs(p.taken) do call('SETBIT', s.t .. ':pb:' .. base, slot, 1) end
        for token, slot in pairs(p.tokens or {}) do call('HSET', key, 't' .. token, slot) end
    end

    -- Writes all that was granted.
    function claim.write(s)
        for i = 1, #s.grants do write_grant(s, s.grants[i]) end
        for i = 1, #s.systems do
            local system = s.systems[i]
            system.hold.fence = s.grants[system.grant].hold.fence
            record(s, system.unit, system.hold)
        end
        for base, p in pairs(s.pools) do write_pool(s, base, p) end
        for name, node in pairs(s.nodes) do
            local key = s.t .. ':an:' .. name
            for who, n in pairs(node.below) do
                if n ~= node.were[who] then call('HSET', key, who, format('%d', n)) end
            end
            if node.both ~= node.both_was then call('HSET', key, '', format('%d', node.both)) end
        end
        for base, needs in pairs(s.needs) do
            for name, need in pairs(needs) do
                if need and need.is_changed then
                    call('HSET', s.t .. ':bl:' .. base, name, need.unit .. '\t' .. format('%d', need.count))
                end
            end
        end
    end

    -- Appends the words of an answer to a reply: word; expires_ms, fencing token, release token, the name that is held,
    -- the extension of its record (empty when it is not held by the requester); what is in the way, divided by line
    -- feeds.
    function claim.reply(out, answer)
        local n, h = #out, answer.hold or {}
        out[n + 1], out[n + 2], out[n + 3] = answer.word, h.expires or '', h.fence or ''
        out[n + 4], out[n + 5], out[n + 6] = answer.hold and h.token or '', answer.unit or '', h.extension or ''
        out[n + 7] = table.concat(answer.blocked, '\n')
    end
end

-- derived: what a hold of a registered resource took along, as its record says in four more parts: flags ('p' it is a
-- unit of a pool, 's' the caller named the slot itself), the resource's registered name, its blockers (name and what is
-- held of it, all divided by tabs), its ancestors (root first, divided by tabs). A blocker is held by a record of the
-- system's own, with flag 'b' and the name of the resource that needs it in the place of the blockers.
--
--   <tenant>:ph:<pool>      hash: n units held; r<requester> their slots, divided by spaces, '-' for the bare name of a
--                           resource that was no pool yet; t<token> slot
--   <tenant>:pb:<pool>      bitmap of slots held
--   <tenant>:bl:<resource>  hash: blocker -> what is held of it, tab, by how many holds of the resource it is needed
--   <tenant>:an:<node>      hash: requester -> holds below the node; '' -> how many of these requesters hold the node
--                           itself, too, and so take one unit of it and not two
local derived = {SYSTEM = '__system__', NO_TOKEN = '000000000000000000000000000000000000', EFFORT_MAX = 3000}
do
    -- Flags, registered name, blockers and ancestors of an extension; nothing for another shape.
    function derived.parts(extension)
        return string.match(extension, '^\n(%l*)\n([^\n]*)\n([^\n]*)\n([^\n]*)$')
    end

    -- The name that the caller asked for.
    function derived.named(name, extension)
        local flags, logical = derived.parts(extension)
        return string.find(flags, 's', 1, true) and name or logical
    end

    -- About how long it takes to free a hold with this extension, us: calls that free several leave the rest to the
    -- next one once the sum is beyond EFFORT_MAX.
    function derived.effort(tenant_key, requester, extension)
        if extension == '' then return 12 end
        local _, tabs = string.gsub(extension, '\t', '')
        local flags, logical = derived.parts(extension)
        local list = 0
        if flags and string.find(flags, 'p', 1, true) then
            -- Who has thousands of slots of a pool has a long list of them, which is written anew.
            list = redis.pcall('HSTRLEN', tenant_key .. ':ph:' .. logical, 'r' .. requester)
            if type(list) ~= 'number' then list = 0 end
        end
        return 40 + 5 * tabs + list / 80
    end

    -- What has to be done to give back all that the hold of `name` took along: commands, and the names freed: its own,
    -- blockers, ancestors. Or nil, nil and the error text. Reads only.
    function derived.undo(tenant_key, name, requester, token, extension)
        local flags, logical, blockers, ancestors = derived.parts(extension)
        if not flags then return nil, nil, 'CORRUPT hold record' end
        local commands, released, failure = {}, {name}, nil
        local pools = {}

        local function fail(text)
            failure = failure or text
        end

        local function read(...)
            local r = redis.pcall(...)
            if type(r) == 'table' and r.err then
                fail(r.err)
                return false
            end
            return r
        end

        local function add(...)
            commands[#commands + 1] = {...}
        end

        -- One requester less that holds a node and something below it.
        local function less(key, both)
            if both == '1' then add('HDEL', key, '') else add('HINCRBY', key, '', -1) end
        end

        -- One unit of a pool less; whether `who` keeps another.
        local function leave(pool_name, unit, who, secret)
            local units_key = tenant_key .. ':ph:' .. pool_name
            local pool = pools[pool_name]
            if not pool then
                read('STRLEN', tenant_key .. ':pb:' .. pool_name)
                pool = {key = units_key, n = tonumber(read('HGET', units_key, 'n')), lists = {}, slots = {},
                    tokens = {}}
                pools[pool_name] = pool
            end
            local slot = unit == pool_name and '-' or string.sub(unit, #pool_name + 2)
            local list = ' ' .. (pool.lists[who] or read('HGET', units_key, 'r' .. who) or '') .. ' '
            local at = string.find(list, ' ' .. slot .. ' ', 1, true)
            if not (pool.n and pool.n > 0 and at) then
                fail('CORRUPT units of a pool')
                return false
            end
            pool.n = pool.n - 1
            list = string.sub(list, 1, at) .. string.sub(list, at + #slot + 2)
            pool.lists[who] = string.sub(list, 2, -2)
            if slot ~= '-' then pool.slots[#pool.slots + 1] = slot end
            if secret then pool.tokens[#pool.tokens + 1] = 't' .. secret end
            return pool.lists[who] ~= ''
        end

        -- The system's hold of a blocker, when nobody needs it any more.
        local function unblock(unit)
            local hold_key = tenant_key .. ':k:' .. unit
            local value = read('GET', hold_key)
            local own = type(value) == 'string' and string.sub(value, 66, 78) == derived.SYSTEM .. '\n\n\n'
            local marks, pool, parent
            if own then marks, pool, parent = derived.parts(string.sub(value, 78)) end
            if not marks or parent ~= logical then return fail('CORRUPT blocker') end
            if string.find(marks, 'p', 1, true) then leave(pool, unit, derived.SYSTEM) end
            add('DEL', hold_key)
            released[#released + 1] = unit
        end

        -- Whether the requester holds a node itself.
        local function has(node)
            if read('HGET', tenant_key .. ':ph:' .. node, 'r' .. requester) then return true end
            local value = read('GET', tenant_key .. ':k:' .. node)
            return type(value) == 'string' and string.match(value, '^([^\n]*)\n', 66) == requester
        end

        local keeps = string.find(flags, 'p', 1, true) and leave(logical, name, requester, token)
        local node_key = tenant_key .. ':an:' .. logical
        if read('HEXISTS', node_key, requester) == 1 and not keeps then
            less(node_key, read('HGET', node_key, ''))
        end

        local needs_key = tenant_key .. ':bl:' .. logical
        for blocker, unit in string.gmatch(blockers, '([^\t]+)\t([^\t]+)') do
            local held, count = string.match(read('HGET', needs_key, blocker) or '', '^([^\t]+)\t(%d+)$')
            if held ~= unit then
                fail('CORRUPT blocker')
            elseif count == '1' then
                unblock(unit)
                add('HDEL', needs_key, blocker)
            else
                add('HSET', needs_key, blocker, unit .. '\t' .. string.format('%d', count - 1))
            end
        end

        for node in string.gmatch(ancestors, '[^\t]+') do
            local key = tenant_key .. ':an:' .. node
            local below, both = unpack(read('HMGET', key, requester, '') or {})
            if not below then
                fail('CORRUPT ancestor')
            elseif below ~= '1' then
                add('HINCRBY', key, requester, -1)
            else
                add('HDEL', key, requester)
                if both and has(node) then
                    less(key, both)
                else
                    released[#released + 1] = node
                end
            end
        end

        for pool_name, pool in pairs(pools) do
            local bits_key = tenant_key .. ':pb:' .. pool_name
            if pool.n == 0 then
                add('DEL', pool.key, bits_key)
            else
                add('HSET', pool.key, 'n', string.format('%d', pool.n))
                for who, list in pairs(pool.lists) do
                    if list == '' then
                        add('HDEL', pool.key, 'r' .. who)
                    else
                        add('HSET', pool.key, 'r' .. who, list)
                    end
                end
                for i = 1, #pool.tokens do add('HDEL', pool.key, pool.tokens[i]) end
                for i = 1, #pool.slots do add('SETBIT', bits_key, pool.slots[i], 0) end
            end
        end
        if failure then return nil, nil, failure end
        return commands, released
    end
end

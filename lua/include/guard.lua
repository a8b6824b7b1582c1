-- guard: cold scripts check the type of every key they are about to write before the first write, because Redis does
-- not roll back. types({key, type, key, type, ...}) raises WRONGTYPE for a key that exists with another type; one call
-- a key. The type counter is a string of digits. journal(prefix, tenant_key) does so for every key that audit and
-- outbox write.
local guard = {}
do
    function guard.types(expected)
        for i = 1, #expected, 2 do
            local found, kind = redis.call('TYPE', expected[i]).ok, expected[i + 1]
            if kind == 'counter' then
                kind = 'string'
                if found == kind and not string.find(redis.call('GET', expected[i]), '^%d+$') then
                    error({err = 'CORRUPT a counter of this operation is no number'})
                end
            end
            if found ~= 'none' and found ~= kind then
                error({err = 'WRONGTYPE a key of this operation holds another type'})
            end
        end
    end

    function guard.journal(prefix, tenant_key)
        guard.types({prefix .. 'seq', 'counter', prefix .. 'out', 'zset', tenant_key .. ':el', 'zset',
            prefix .. 'el', 'zset', tenant_key .. ':al', 'zset', prefix .. 'al', 'zset'})
    end
end

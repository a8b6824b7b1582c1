-- guard: cold scripts check the type of every key they are about to write before the first write, because Redis does
-- not roll back. types({key, type, key, type …}) raises WRONGTYPE for a key that exists with another type. One call per
-- key.
local guard = {}
do
    function guard.types(expected)
        for i = 1, #expected, 2 do
            local found = redis.call('TYPE', expected[i]).ok
            if found ~= 'none' and found ~= expected[i + 1] then
                error({err = 'WRONGTYPE a key of this operation holds another type'})
            end
        end
    end
end

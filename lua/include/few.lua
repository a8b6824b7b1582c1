-- few: all fields of a hash that can have only a few, and their values; an error for one that has more, so that nothing
-- walks a hash of any size.
local few = {}
do
    function few.fields(key, max)
        if redis.call('HLEN', key) > max then error({err = 'CORRUPT a hash has more fields than it can have'}) end
        return redis.call('HGETALL', key)
    end
end

-- tenant: the status letter, epoch and marks of a tenant (A active, S suspended, C closed; then the epoch number; then
-- marks in this order: h a subscription names events of resources, w a live event stream is open somewhere).
-- stale(key, tag) is nil while the caller's cached tag is still true, else the present value ('' when there is no
-- tenant). bump(key, now_us) makes every cached tag of this tenant stale, from the next request on; tag() is the value
-- that follows another; mark() sets or clears a mark, stale tags and all, unless it is so already. An epoch is a time
-- in us, or one more than the last, so that none comes twice, not even when Redis loses its last second: a server that
-- saw the lost one would believe in it again.
local tenant = {}
do
    function tenant.stale(key, tag)
        local value = redis.call('GET', key)
        if value == tag then return nil end
        return value or ''
    end

    -- `last` is the epoch before and the marks, which stay.
    local function tag(letter, last, now_us)
        local epoch, marks = string.match(last, '^(%d+)(%l*)$')
        return letter .. string.format('%.0f', math.max(epoch + 1, now_us)) .. marks
    end
    tenant.tag = tag

    function tenant.bump(key, now_us)
        local value = redis.call('GET', key)
        redis.call('SET', key, tag(string.sub(value, 1, 1), string.sub(value, 2), now_us))
    end

    -- Returns the tag that is true then.
    function tenant.mark(key, letter, is_on, now_us)
        is_on = is_on and true or false
        local value = redis.call('GET', key)
        local status, epoch, marks = string.match(value, '^(%u)(%d+)(%l*)$')
        if (string.find(marks, letter, 1, true) ~= nil) == is_on then return value end
        marks = string.gsub(marks, letter, '')
        if is_on and letter == 'h' then marks = 'h' .. marks elseif is_on then marks = marks .. letter end
        value = tag(status, epoch .. marks, now_us)
        redis.call('SET', key, value)
        return value
    end
end

-- facts: what became of a subscription's deliveries lately, <tenant>:wf:<id>: failures in a row, and the times of the
-- last delivery, success and failure, ms; each empty when there was none. append() adds the four to a reply.
local facts = {}
do
    function facts.append(out, tenant_key, id)
        local found = redis.pcall('HMGET', tenant_key .. ':wf:' .. id, 'failures', 'triggered_ms', 'success_ms',
            'failure_ms')
        for i = 1, 4 do out[#out + 1] = found[i] or '' end
        return out
    end
end

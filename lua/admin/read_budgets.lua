--[[
admin/read_budgets: ledgers of a shard with their terms, for the page of a list.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
ARGV
  1.. entries   at most 100: path NUL unit letter; a path begins with tenant: and its tenant
REPLIES
  LEDGERS rows..  per entry the ledger's text and its terms, empty where there is none
EVENTS
  none
COMPLEXITY
  O(entries); 1 call
]]
local keys = {}
for i = 1, #ARGV do
    local tenant, unit = string.match(ARGV[i], '^tenant:([^/%z]+)[^%z]*%z(%u)$')
    if not tenant then return redis.error_reply('CORRUPT ledger directory') end
    local tenant_key, place = table.concat({KEYS[1], 't:', tenant}), unit .. ':' .. string.sub(ARGV[i], 1, -3)
    keys[2 * i - 1], keys[2 * i] = tenant_key .. ':l:' .. place, tenant_key .. ':lt:' .. place
end
if #keys == 0 then return {'LEDGERS'} end
local out = redis.call('MGET', unpack(keys))
for i = 1, #out do
    out[i] = out[i] or ''
end
return {'LEDGERS', unpack(out)}

--[[
admin/scan_shard_budgets: the next ledgers of all tenants of a shard, tenant by tenant in the order of their creation,
for a list to filter and sort. What waits to be expired is left to the sweeper: a list over all tenants is not held up.
Nor is it by an entry without a ledger, which has an empty text.

retry: safe
flags: no-writes
KEYS
  1 prefix      the shard's prefix
ARGV
  1 tenant      the tenant the last call ended in, or empty
  2 after       last directory entry seen of that tenant (path NUL unit letter), or empty
  3 within      what paths must begin with
  4 unit        unit letter, or empty for all
REPLIES
  ROWS more read tenant last rows..  more is 1 when there may be more; tenants and entries read; where the call ended;
                                     per row path NUL unit letter, and the ledger's text
EVENTS
  none
COMPLEXITY
  O(log tenants + read), at most 1000 tenants and entries a call; 2 calls a tenant
]]
--include <admin/ledgers>

local ROOM, BATCH = 1000, 100
local prefix, tenant, after = KEYS[1], ARGV[1], ARGV[2]
local call = redis.call
local tenants_key = prefix .. 'tenants'
local rank = 0
if tenant ~= '' then
    rank = call('ZRANK', tenants_key, tenant)
    if not rank then error({err = 'CORRUPT tenant directory'}) end
end
local out, left, names = {'ROWS', 0, 0, '', ''}, ROOM, nil
repeat
    names = call('ZRANGE', tenants_key, rank, rank + BATCH - 1)
    for i = 1, #names do
        local read, last = ledgers.append(out, table.concat({prefix, 't:', names[i]}), 'asc', after, ARGV[3], ARGV[4],
            left, true)
        left = left - read - 1
        if left <= 0 then
            out[2], out[3], out[4], out[5] = 1, ROOM - left, names[i], last or after
            return out
        end
        after = ''
    end
    rank = rank + BATCH
until #names < BATCH
out[3] = ROOM - left
return out

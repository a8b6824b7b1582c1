-- luacheck runs over assembled scripts (scripts/lint): a script together with the code it includes, as Redis gets it.
std = 'lua51'
read_globals = {'redis', 'KEYS', 'ARGV', 'struct', 'cjson', 'cmsgpack', 'bit'}
max_line_length = false
-- 311, a value that is overwritten before use: scripts write nil for a local that gets its value in a branch.
ignore = {'311'}

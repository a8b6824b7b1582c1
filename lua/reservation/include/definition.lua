-- definition: a registered resource, a field of the hash <tenant>:def by its name: capacity, peak (the largest capacity
-- it ever had: beyond 1 its units are counted in the pool's keys), adopted (slots below it were looked at for holds
-- older than the pool), marks ('a' it is or was an ancestor, 'o' its place comes from its own registration), parent
-- (empty for none), blockers divided by tabs; all divided by line feeds.
local definition = {}
do
    -- A row as a table; raises CORRUPT for another shape.
    function definition.parse(row)
        local capacity, peak, adopted, marks, parent, blockers =
            string.match(row, '^(%d+)\n(%d+)\n(%d+)\n(%l*)\n([^\n]*)\n([^\n]*)$')
        if not capacity then error({err = 'CORRUPT definition of a resource'}) end
        return {capacity = capacity + 0, is_pool = peak ~= '1', peak = peak + 0, adopted = adopted + 0,
            is_ancestor = string.find(marks, 'a', 1, true) ~= nil,
            marks = marks, parent = parent, blockers = blockers}
    end

    -- The row of a table.
    function definition.text(d)
        return string.format('%d\n%d\n%d\n%s\n%s\n%s', d.capacity, d.peak, d.adopted, d.marks, d.parent, d.blockers)
    end

    -- Base and number of a name that looks like the slot of a pool, as text; nothing for other names.
    function definition.slot(name)
        local base, digits = string.match(name, '^(.+)_(%d+)$')
        if base and (digits == '0' or string.byte(digits) ~= 48) then return base, digits end
    end
end

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel

/// Works out what a registration changes, from what is known of the definitions there are; pure. All items are held
/// against each other and against what is stored before anything is written.
package struct Registration: Sendable {
    /// What is wrong with an item.
    package struct Refusal: Error, Hashable, Sendable {
        /// The item, from 0.
        package let item: Int
        /// `name`, `capacity` or `treePath`.
        package let field: String
        /// The rest of a sentence that begins with the field.
        package let problem: String
    }

    /// What follows from what is known.
    package enum Outcome: Sendable {
        /// More has to be known.
        case ask([DefinitionFacts.Question])
        /// To be written in this order, ancestors first; nothing when all is stored just so.
        case write([Row])
        case refuse(Refusal)
    }

    /// A definition to write.
    package struct Row: Hashable, Sendable {
        package let name: [UInt8]
        package let definition: StoredDefinition
    }

    package let items: [ResourceDefinition]

    /// A registration of these items.
    package init(_ items: [ResourceDefinition]) { self.items = items }

    /// What follows from these facts.
    package func outcome(_ facts: DefinitionFacts) -> Outcome {
        var draft = Draft(facts)
        do throws(Refusal) {
            for (index, item) in items.enumerated() { try draft.add(item, index) }
            try draft.checkSlots(items)
            try draft.checkDepths(items)
        } catch {
            // With gaps in what is known, nothing is certain.
            return draft.questions.isEmpty ? .refuse(error) : .ask(draft.questions)
        }
        return draft.questions.isEmpty ? .write(draft.rows) : .ask(draft.questions)
    }

    /// Each item once the registration is done, with the names above it, root first.
    package func results(_ rows: [Row], _ facts: DefinitionFacts) -> [(row: Row, ancestors: [[UInt8]])] {
        var draft = Draft(facts)
        for row in rows { draft.changed[row.name] = row.definition }
        return items.compactMap { item in
            guard let definition = draft.definition(item.name) else { return nil }
            return (Row(name: item.name, definition: definition), draft.chain(above: item.name))
        }
    }
}

/// The definitions as they would be after some of the items.
private struct Draft {
    let facts: DefinitionFacts
    var changed: [[UInt8]: StoredDefinition] = [:]
    private var order: [[UInt8]] = []
    private(set) var questions: [DefinitionFacts.Question] = []
    private var asked: Set<DefinitionFacts.Question> = []
    /// Names that got another place, and the item that did it.
    private var moved: [(name: [UInt8], item: Int)] = []

    init(_ facts: DefinitionFacts) { self.facts = facts }

    /// What is not stored just so: many a program registers the same whenever it starts.
    var rows: [Registration.Row] {
        order.compactMap { name in
            guard let definition = changed[name] else { return nil }
            if let stored = facts.definitions[name], stored == definition, definition.isSettled { return nil }
            return Registration.Row(name: name, definition: definition)
        }
    }

    private mutating func ask(_ question: DefinitionFacts.Question) {
        if asked.insert(question).inserted { questions.append(question) }
    }

    mutating func definition(_ name: [UInt8]) -> StoredDefinition? {
        if let definition = changed[name] { return definition }
        if let known = facts.definitions[name] { return known }
        ask(.definition(name))
        return nil
    }

    private mutating func set(_ name: [UInt8], _ definition: StoredDefinition) {
        if changed.updateValue(definition, forKey: name) == nil { order.append(name) }
    }

    /// An item and the ancestors that its path names.
    mutating func add(_ item: ResourceDefinition, _ index: Int) throws(Registration.Refusal) {
        let old = definition(item.name)
        var new = old ?? .automatic
        if old == nil { new.isAncestor = false }
        new.capacity = item.capacity
        new.peak = max(new.peak, item.capacity)
        new.blockers = item.blockers
        if let ancestors = item.ancestors {
            let parent = try addAncestors(ancestors, of: item.name, index)
            if let old, !old.hasOwnPlace, !old.parent.isEmpty, old.parent != parent {
                throw refusal(index, "treePath", "\(quoted(item.name)) is below \(quoted(old.parent)) already")
            }
            new.parent = parent
            new.hasOwnPlace = true
        } else if new.hasOwnPlace {
            new.parent = []
            new.hasOwnPlace = false
        }
        // What its own path made of it meanwhile, as the ancestor of another item.
        new.isAncestor = new.isAncestor || changed[item.name]?.isAncestor == true
        if old?.parent ?? [] != new.parent { moved.append((item.name, index)) }
        set(item.name, new)
        if let parent = above(item.name, reaches: item.name) {
            throw refusal(index, "treePath", "\(quoted(item.name)) would be above \(quoted(parent)) and below it")
        }
    }

    /// Registers the ancestors of a path, root first; gives the lowest, empty for none.
    private mutating func addAncestors(
        _ names: [[UInt8]], of item: [UInt8], _ index: Int
    ) throws(Registration.Refusal) -> [UInt8] {
        var parent: [UInt8] = []
        for name in names {
            let old = definition(name)
            var new = old ?? .automatic
            new.isAncestor = true
            if !parent.isEmpty, new.parent != parent {
                guard new.parent.isEmpty else {
                    throw refusal(index, "treePath", "\(quoted(name)) is below \(quoted(new.parent)) already")
                }
                new.parent = parent
                moved.append((name, index))
            }
            if new != old { set(name, new) }
            if above(name, reaches: name) != nil {
                throw refusal(index, "treePath", "\(quoted(name)) would be below itself")
            }
            parent = name
        }
        return parent
    }

    /// The name from which a way up from `name` comes to `goal` again; nil when it comes to a root.
    private mutating func above(_ name: [UInt8], reaches goal: [UInt8]) -> [UInt8]? {
        var at = name
        for _ in 0...Limits.treeDepthMax {
            guard let parent = definition(at)?.parent, !parent.isEmpty else { return nil }
            if parent == goal { return at }
            at = parent
        }
        return nil
    }

    mutating func chain(above name: [UInt8]) -> [[UInt8]] {
        var names: [[UInt8]] = []
        var at = name
        while names.count <= Limits.treeDepthMax, let parent = definition(at)?.parent, !parent.isEmpty {
            names.insert(parent, at: 0)
            at = parent
        }
        return names
    }

    /// No name is a slot of a pool and a resource of its own (decision Q5).
    mutating func checkSlots(_ items: [ResourceDefinition]) throws(Registration.Refusal) {
        for (index, item) in items.enumerated() {
            for name in (item.ancestors ?? []) + [item.name] {
                guard let slot = SlotName(name), let pool = definition(slot.base), pool.peak > 1,
                    slot.number < pool.peak
                else { continue }
                let field = name == item.name ? "name" : "treePath"
                throw refusal(index, field, "\(quoted(name)) is a slot of \(quoted(slot.base))")
            }
            guard item.capacity > 1 else { continue }
            guard let first = facts.firstSlotNames[item.name] else {
                ask(.firstSlotName(item.name))
                continue
            }
            guard first >= item.capacity else {
                let name = item.name + [95] + [UInt8](String(first).utf8)
                throw refusal(index, "capacity", "\(quoted(name)) is registered: it cannot be a slot, too")
            }
        }
    }

    /// No tree is too deep, where something got another place and in what hangs below it.
    mutating func checkDepths(_ items: [ResourceDefinition]) throws(Registration.Refusal) {
        for (name, index) in moved {
            let depth = chain(above: name).count + 1
            guard depth <= Limits.treeDepthMax else { throw tooDeep(index) }
            guard questions.isEmpty, facts.definitions[name].flatMap({ $0 })?.isAncestor == true else { continue }
            try checkSubtree(of: name, atDepth: depth, index)
        }
    }

    private mutating func checkSubtree(
        of name: [UInt8], atDepth depth: Int, _ index: Int
    ) throws(Registration.Refusal) {
        var level = [name]
        var below = depth
        var count = 0
        while !level.isEmpty {
            guard below <= Limits.treeDepthMax else { throw tooDeep(index) }
            var next: [[UInt8]] = []
            for parent in level {
                guard let children = facts.children[parent] else {
                    ask(.children(parent))
                    continue
                }
                next += children.filter { definition($0)?.parent == parent }
                count += children.count
                guard children.count <= DefinitionFacts.childrenMax, count <= Limits.movedDefinitionsMax else {
                    throw refusal(index, "treePath", "\(quoted(name)) has too much below it to get another place")
                }
            }
            guard questions.isEmpty else { return }
            level = next
            below += 1
        }
    }

    private func tooDeep(_ index: Int) -> Registration.Refusal {
        refusal(index, "treePath", "the tree would be deeper than \(Limits.treeDepthMax)")
    }

    private func refusal(_ index: Int, _ field: String, _ problem: String) -> Registration.Refusal {
        Registration.Refusal(item: index, field: field, problem: problem)
    }

    private func quoted(_ name: [UInt8]) -> String { "'\(String(decoding: name, as: UTF8.self))'" }
}

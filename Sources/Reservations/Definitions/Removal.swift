// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Works out what a deletion takes away, from what is known of the definitions there are; pure.
package struct Removal: Sendable {
    /// What follows from what is known.
    package enum Outcome: Sendable {
        /// More has to be known.
        case ask([DefinitionFacts.Question])
        /// To be deleted in this order, children before their parents.
        case delete([[UInt8]])
        case notRegistered
        /// It has children, and nothing was said of them.
        case hasChildren
        /// This one has more children than can be deleted at once.
        case tooManyChildren(of: [UInt8])
    }

    package let name: [UInt8]
    package let cascades: Bool

    /// A deletion of this resource, and with `cascades` of everything below it.
    package init(_ name: [UInt8], cascades: Bool) {
        self.name = name
        self.cascades = cascades
    }

    /// What follows from these facts.
    package func outcome(_ facts: DefinitionFacts) -> Outcome {
        guard let known = facts.definitions[name] else { return .ask([.definition(name), .children(name)]) }
        guard known != nil else { return .notRegistered }
        var found: [[UInt8]] = []
        var level = [name]
        while !level.isEmpty {
            let unknown = level.filter { facts.children[$0] == nil }
            guard unknown.isEmpty else { return .ask(unknown.map { .children($0) }) }
            found += level
            var next: [[UInt8]] = []
            for parent in level {
                let children = facts.children[parent] ?? []
                guard children.isEmpty || cascades else { return .hasChildren }
                guard children.count <= DefinitionFacts.childrenMax, found.count <= Limits.movedDefinitionsMax else {
                    return .tooManyChildren(of: parent)
                }
                next += children
            }
            level = next
        }
        return .delete(found.reversed())
    }
}

/// Deletes definitions of resources that nobody holds anything of.
package struct Undefine: Sendable {
    /// What may come of the call.
    package enum Outcome: Sendable {
        /// Deleted, or could be.
        case deleted(version: [UInt8])
        /// Something is held of this one; nothing was deleted.
        case held([UInt8])
        /// The definitions have another version by now; nothing was deleted.
        case changed
        case tenantClosed
        case tenantSuspended
    }

    /// At most `Limits.definitionsWrittenPerCall`, children before their parents.
    package let names: ArraySlice<[UInt8]>
    package let version: [UInt8]
    /// Whether they are deleted; else it is only said whether they could be.
    package let deletes: Bool

    /// The first few of these names, as many as fit in a call.
    package init(_ names: ArraySlice<[UInt8]>, version: [UInt8], deletes: Bool) {
        self.names = names.prefix(Limits.definitionsWrittenPerCall)
        self.version = version
        self.deletes = deletes
    }

    /// One round trip; never sent twice. The call may answer BEHIND.
    package func call(for principal: Principal) -> ScriptCall {
        var call = ScriptCall(.reservationUndefine, keys: principal.keys)
        call.append(principal.tag)
        call.append(version)
        call.append(deletes ? "D" : "L")
        for name in names { call.append(name) }
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("CLOSED") { return .tenantClosed }
        if reply.isWord("SUSPENDED") { return .tenantSuspended }
        if reply.isWord("CHANGED") { return .changed }
        if reply.isWord("HELD") { return .held(try reply.bytes(0)) }
        guard reply.isWord("DELETED") else { throw reply.malformed("word") }
        return .deleted(version: try reply.bytes(0))
    }
}

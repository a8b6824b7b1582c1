// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// A definition as lists show it.
package struct ListedDefinition: Hashable, Sendable {
    package let name: [UInt8]
    package let definition: StoredDefinition
    /// Units of it in use.
    package let inUse: Int64

    /// Units that are free.
    package var available: Int64 { max(0, definition.capacity - inUse) }
}

/// Lists a tenant's registered resources in the order of their names' bytes, page by page.
package struct ListDefinitions: Sendable {
    /// The last name of the page before; nil for the first page.
    package let after: [UInt8]?

    /// The page after this name.
    package init(after: [UInt8]? = nil) { self.after = after }

    /// One round trip. The call may answer BEHIND; `sweptMs` is the time of the sweep before it is sent again, else 0.
    package func call(for principal: Principal, sweptMs: Int64 = 0) -> ScriptCall {
        var call = ScriptCall(.reservationDefinitions, keys: principal.keys)
        call.append(principal.tag)
        call.append(after ?? [])
        call.append(decimal: Limits.definitionsPerCall)
        call.append(decimal: sweptMs)
        return call
    }

    /// Reads the reply: the page; fewer than `Limits.definitionsPerCall` are the last.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> [ListedDefinition] {
        guard reply.isWord("PAGE"), reply.count % 3 == 1 else { throw reply.malformed("word") }
        var page: [ListedDefinition] = []
        for first in stride(from: 1, to: reply.count, by: 3) {
            guard let definition = StoredDefinition(row: try reply.bytes(first + 1)) else {
                throw reply.malformed("definition")
            }
            page.append(
                ListedDefinition(
                    name: try reply.bytes(first), definition: definition, inUse: try reply.int(first + 2)))
        }
        return page
    }
}

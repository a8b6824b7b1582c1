// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Reservations
internal import SharedKernel
internal import StrictJSON

/// Reading of the items of a registration (digest 2.4).
enum DefinitionItems {
    /// What divides the names of a path; no registered name has it in it.
    private static let divider = UInt8(ascii: ">")

    /// One of a body.
    static func read(_ fields: inout JSONFields) throws(FieldError) -> ResourceDefinition {
        let name = try ReservationItems.name("name", &fields) { text throws(NameProblem) in try ResourceName(text) }
        guard !name.bytes.contains(divider) else { throw fields.fieldError("name", "must not contain >") }
        let capacity = try fields.optionalInt64("capacity", in: Limits.capacity) ?? 1
        return ResourceDefinition(
            name: name.bytes, capacity: capacity, blockers: try blockers(&fields),
            ancestors: try ancestors(of: name.bytes, &fields))
    }

    /// Names that are there twice count once.
    private static func blockers(_ fields: inout JSONFields) throws(FieldError) -> [[UInt8]] {
        guard let list = try fields.optionalArray("blocks", count: 0...Limits.blockersMax) else { return [] }
        var names: [[UInt8]] = []
        for element in list {
            guard let text = element.stringSlice() else { throw element.fieldError("must be a string") }
            do throws(NameProblem) {
                let name = try ResourceName(text).bytes
                if !names.contains(name) { names.append(name) }
            } catch {
                throw element.fieldError(error.problem)
            }
        }
        return names
    }

    private static func ancestors(of name: [UInt8], _ fields: inout JSONFields) throws(FieldError) -> [[UInt8]]? {
        guard let value = try fields.optional("treePath") else { return nil }
        guard let text = value.stringSlice() else { throw value.fieldError("must be a string") }
        if text.isEmpty { return [] }
        var names: [[UInt8]] = []
        for part in text.split(separator: divider, omittingEmptySubsequences: false) {
            do throws(NameProblem) {
                names.append(try ResourceName(part).bytes)
            } catch {
                throw value.fieldError("each name in it \(error.problem)")
            }
        }
        guard Set(names).count == names.count else { throw value.fieldError("must not have a name twice") }
        guard !names.contains(name) else { throw value.fieldError("must not contain the resource itself") }
        let max = Limits.treeDepthMax - 1
        guard names.count <= max else { throw value.fieldError("must be at most \(max) names") }
        return names
    }
}

extension JSONWriter {
    /// A registered resource; `ancestors` root first.
    mutating func definition(_ name: [UInt8], _ definition: StoredDefinition, ancestors: [[UInt8]]) {
        beginObject()
        key("name")
        string(name)
        key("capacity")
        int(definition.capacity)
        key("blocks")
        strings(definition.blockers)
        key("treePath")
        if ancestors.isEmpty { null() } else { string(Array(ancestors.joined(separator: [62]))) }
        endObject()
    }
}

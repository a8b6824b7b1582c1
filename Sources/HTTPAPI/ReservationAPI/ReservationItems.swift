// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Reservations
internal import SharedKernel
internal import StrictJSON

/// Reading of the items of reserve and unreserve bodies: keys in any case, unknown ones ignored, `null` counts as
/// absent.
enum ReservationItems {
    /// The items of a body: an array of objects, or one object in place of an array of one (decision Q27). All are read
    /// before anything is done with the first.
    static func read<Item>(
        _ request: APIRequest, _ item: (inout JSONFields) throws(FieldError) -> Item
    ) throws -> [Item] {
        let root = try request.document().root
        switch root.kind {
        case .object: return [try read(root, item)]
        case .array: return try read(all: root, max: Limits.lockItemsMax, item)
        case .string, .number, .true, .false, .null:
            throw root.fieldError("must be an array of items, or one item")
        }
    }

    /// The items of an array.
    static func read<Item>(
        all array: JSONValue, max: Int, _ item: (inout JSONFields) throws(FieldError) -> Item
    ) throws(FieldError) -> [Item] {
        guard array.kind == .array, (1...max).contains(array.count) else {
            throw array.fieldError("must be an array of 1 to \(max) items")
        }
        var items: [Item] = []
        items.reserveCapacity(array.count)
        for element in array.elements { items.append(try read(element, item)) }
        return items
    }

    /// An item of a renew call.
    static func renew(_ fields: inout JSONFields) throws(FieldError) -> RenewHolds.Item {
        let hold = try unreserve(&fields)
        guard let ttlSeconds = try fields.optionalInt64("ttlSeconds", in: 1...Limits.lockTTLSecondsMax) else {
            throw fields.fieldError("ttlSeconds", "is required")
        }
        return RenewHolds.Item(hold: hold, ttlMs: ttlSeconds * 1_000)
    }

    /// An item of a reserve call, with a release token of its own in case it takes the resource.
    static func reserve(_ fields: inout JSONFields) throws(FieldError) -> AcquireItem {
        let requester = try name("requester", &fields) { text throws(NameProblem) in try Requester(text) }
        let resource = try name("resource", &fields) { text throws(NameProblem) in try ResourceName(text) }
        let ttlSeconds = try fields.optionalInt64("ttlSeconds", in: 1...Limits.lockTTLSecondsMax)
        let isQuestion = try fields.optionalBool("dryRun") == true
        // Refusing at once somebody who asked to wait would be worse than saying no.
        if try fields.optional("waitSeconds") != nil { throw fields.fieldError("waitSeconds", "is not supported") }
        return AcquireItem(
            requester: requester, resource: resource, ttlMs: ttlSeconds.map { $0 * 1_000 },
            type: try resourceType(&fields), isQuestion: isQuestion)
    }

    /// An item of an unreserve call. Whatever text came as token is accepted here: it decides between 200 and 403,
    /// never 400 (decision X6).
    static func unreserve(_ fields: inout JSONFields) throws(FieldError) -> ReleaseItem {
        let requester = try name("requester", &fields) { text throws(NameProblem) in try Requester(text) }
        let resource = try name("resource", &fields) { text throws(NameProblem) in try ResourceName(text) }
        // Releasing for somebody who only asks would be worse than saying no.
        if try fields.optionalBool("dryRun") == true { throw fields.fieldError("dryRun", "is for reserving alone") }
        var token: ReleaseToken?
        if let value = try fields.optional("releaseToken") {
            guard let text = value.stringSlice() else { throw value.fieldError("must be a string") }
            token = ReleaseToken(text)
        }
        return ReleaseItem(requester: requester, resource: resource, token: token)
    }

    /// A type of nothing but white space counts as absent, like a name, and an absent one has a default.
    private static func resourceType(_ fields: inout JSONFields) throws(FieldError) -> ResourceType {
        guard let value = try fields.optional("resourceType") else { return .userDefined }
        guard let text = value.stringSlice() else { throw value.fieldError("must be a string") }
        do throws(NameProblem) {
            return try ResourceType(text)
        } catch .blank {
            return .userDefined
        } catch {
            throw value.fieldError(error.problem)
        }
    }

    private static func read<Item>(
        _ value: JSONValue, _ item: (inout JSONFields) throws(FieldError) -> Item
    ) throws(FieldError) -> Item {
        var fields = try JSONFields(value, caseInsensitiveKeys: true, nullIsAbsent: true)
        return try item(&fields)
    }

    static func name<Name>(
        _ field: StaticString, _ fields: inout JSONFields,
        _ parse: (ArraySlice<UInt8>) throws(NameProblem) -> Name
    ) throws(FieldError) -> Name {
        let value = try fields.required(field)
        guard let text = value.stringSlice() else { throw value.fieldError("must be a string") }
        do throws(NameProblem) {
            return try parse(text)
        } catch {
            throw value.fieldError(error.problem)
        }
    }
}

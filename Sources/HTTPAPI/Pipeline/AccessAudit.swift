// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON
internal import Synchronization

/// The audit entries that no script of an operation writes: what the operator was refused, failed logins with an
/// operator's key, and what the operator read of a tenant (admin digest 1.9, design section 7).
///
/// Failed logins come from anybody: beyond ten a second they are counted, and the next entry says how many there were.
struct AccessAudit: Sendable {
    /// An entry and the log it belongs into.
    struct Note: Sendable {
        let keys: [[UInt8]]
        let entry: [UInt8]

        var call: ScriptCall {
            var call = ScriptCall(.adminNote, keys: keys)
            call.append(entry)
            return call
        }
    }

    private let keyspace: Keyspace
    private let now_ms: @Sendable () -> Int64
    private let logins = LoginLimit()

    init(keyspace: Keyspace, now_ms: @escaping @Sendable () -> Int64) {
        self.keyspace = keyspace
        self.now_ms = now_ms
    }

    /// The note that an answer calls for; nil for nearly all.
    func note(_ request: APIRequest, _ endpoint: Endpoint, _ caller: Caller?, _ response: APIResponse) -> Note? {
        let isRefused = (400..<500).contains(response.status.code)
        switch caller {
        case .admin where isRefused:
            // Of what is refused on the admin plane, only what would have changed something.
            guard endpoint.surface != .admin || endpoint.method != .get else { return nil }
            return note("__admin__", entry(request, endpoint, response, actor: "admin", suppressed: 0))
        case .admin:
            guard let tenant = response.readOnBehalfOf else { return nil }
            let entry = entry(request, endpoint, response, actor: "admin_on_behalf_of", suppressed: 0)
            return Note(keys: keyspace.keys(of: tenant), entry: entry)
        case nil where response.status == .unauthorized && request.headers[.adminAPIKey] != nil:
            guard let suppressed = logins.admit(atMs: now_ms()) else { return nil }
            return note("__unauth__", entry(request, endpoint, response, actor: "anonymous", suppressed: suppressed))
        default: return nil
        }
    }

    /// Entries that are no tenant's are kept in the first shard.
    private func note(_ name: StaticString, _ entry: [UInt8]) -> Note? {
        guard let shard = keyspace.shards.first else { return nil }
        return Note(keys: [shard.prefix, Keyspace.journal(name, in: shard)], entry: entry)
    }

    private func entry(
        _ request: APIRequest, _ endpoint: Endpoint, _ response: APIResponse, actor: StaticString, suppressed: Int
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("operation")
        writer.string(endpoint.name)
        writer.key("status")
        writer.int(Int64(response.status.code))
        writer.key("actor_type")
        writer.string(actor)
        if let parameter = request.parameters.first {
            writer.key("resource_id")
            writer.string(parameter.prefix(Limits.reservationIDBytesMax).map { $0 < 32 ? 63 : $0 })
        }
        if let code = response.errorCode {
            writer.key("error_code")
            writer.string(code)
        }
        writer.key("request_id")
        writer.string(request.correlation.requestID)
        writer.key("trace_id")
        writer.string(request.correlation.traceID)
        if let agent = request.headers[.userAgent] {
            writer.key("user_agent")
            writer.string(String(String.UnicodeScalarView(agent.unicodeScalars.prefix(Limits.userAgentCharactersMax))))
        }
        if suppressed > 0 {
            writer.key("metadata")
            writer.beginObject()
            writer.key("suppressed")
            writer.int(Int64(suppressed))
            writer.endObject()
        }
        writer.endObject()
        return writer.finish()
    }
}

/// Lets ten failed logins a second through and counts the others.
private final class LoginLimit: Sendable {
    private static let perSecond = 10

    private let state = Mutex<(second: Int64, admitted: Int, suppressed: Int)>((0, 0, 0))

    /// How many were suppressed before this one; nil when this one is, too.
    func admit(atMs now: Int64) -> Int? {
        state.withLock { state in
            let second = now / 1_000
            if second != state.second { (state.second, state.admitted) = (second, 0) }
            guard state.admitted < Self.perSecond else {
                state.suppressed += 1
                return nil
            }
            state.admitted += 1
            defer { state.suppressed = 0 }
            return state.suppressed
        }
    }
}

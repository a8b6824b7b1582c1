// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON
internal import Webhooks

/// `GET` and `PUT /v1/admin/config/webhook-security` (admin digest 5.4): what the operator allows of URLs.
struct WebhookSecurityConfig: Sendable {
    let services: WebhookServices

    private static let path = "/v1/admin/config/webhook-security"

    var endpoints: [Endpoint] {
        [
            Endpoint("getWebhookSecurityConfig", .get, Self.path, surface: .admin, access: .admin) { _ in
                Self.read { .respond(.json($0.json)) }
            },
            Endpoint("updateWebhookSecurityConfig", .put, Self.path, surface: .admin, access: .admin) { input in
                planning { try replace(input) }
            },
        ]
    }

    /// Reads it and goes on.
    static func read(next: @escaping @Sendable (WebhookSecurity) -> Step) -> Step {
        .call(ScriptCall(.webhooksGetSecurity, keys: [Keyspace.webhookSecurity])) { reply throws(ScriptFault) in
            guard reply.isWord("SECURITY"), let security = WebhookSecurity(stored: try reply.bytes(0)) else {
                throw reply.malformed("webhook security")
            }
            return next(security)
        }
    }

    private func replace(_ input: Endpoint.Input) throws -> Step {
        let document = try input.request.document()
        let security = try WebhookSecurity(document.root, isRange: services.isRange)
        let json = security.json
        var call = ScriptCall(.webhooksSetSecurity, keys: [Keyspace.webhookSecurity], reservingBytes: 256 + json.count)
        call.append(json)
        return .call(call) { reply throws(ScriptFault) in
            guard reply.isWord("SET") else { throw reply.malformed("word") }
            return note(json, before: try reply.bytes(0), input)
        }
    }

    /// The audit entry. It is no tenant's, and in another place than what it tells of: the change comes first, and the
    /// answer not before both.
    private func note(_ json: [UInt8], before: [UInt8], _ input: Endpoint.Input) -> Step {
        guard json != before, let shard = input.installation.keyspace.shards.first else {
            return .respond(.json(json))
        }
        let entry = AuditEntry(
            operation: "updateWebhookSecurityConfig", status: .ok, actor: .admin, resourceType: "config",
            resourceID: [UInt8]("webhook-security".utf8))
        var call = ScriptCall(
            .adminNote, keys: [shard.prefix, Keyspace.journal("__admin__", in: shard)],
            reservingBytes: 1_024 + json.count)
        call.append(
            entry.json(input.request) { writer in
                writer.key("metadata")
                writer.beginObject()
                writer.key("webhook_security")
                writer.raw(json)
                writer.endObject()
            })
        return .call(call) { reply throws(ScriptFault) in
            guard reply.isWord("NOTED") else { throw reply.malformed("word") }
            return .respond(.json(json))
        }
    }
}

extension WebhookServices {
    /// Goes on if events may be sent to a URL, by the rules of now; 400 else.
    func checked(_ url: [UInt8], next: @escaping @Sendable (WebhookSecurity) -> Step) -> Step {
        WebhookSecurityConfig.read { security in
            .wait {
                if let sentence = await check(url, security) { return .refuse(WebhookRefusals.badURL(sentence)) }
                return next(security)
            }
        }
    }
}

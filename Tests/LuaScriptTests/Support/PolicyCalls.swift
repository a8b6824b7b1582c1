// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// Arguments of the scripts for policies, settings and the audit log.
enum PolicyCalls {
    static let terms: ByteText = "{\"scope_pattern\":\"tenant:acme/*\"}"

    static func create(
        _ id: ByteText = "pol_1", name: ByteText = "\"first\"", tag: ByteText = "A1", most: Int = 10
    ) -> ScriptArguments {
        [
            "tag": tag, "policy_id": id, "name": name, "document": terms, "most": ByteText(most),
            "entry": "{\"op\":\"policy\"}", "context": "{}", "payload": "{\"p\":1}",
        ]
    }

    static func update(
        row: ByteText, name: ByteText = "\"first\"", document: ByteText = "{\"priority\":1}", tag: ByteText = ""
    ) -> ScriptArguments {
        [
            "tag": tag, "policy_id": "pol_1", "row": row, "name": name, "document": document,
            "entry": "{\"op\":\"policy\"}", "context": "{}", "payload": "{\"p\":1}",
        ]
    }

    static let set: ScriptArguments = [
        "field": "limits", "json": "{\"event_streams\":1}", "entry": "{\"op\":\"limits\"}", "context": "{}",
        "payload": "{\"p\":1}",
    ]

    static func page(
        _ scope: ByteText = "tenant", order: ByteText = "desc", from: ByteText = "+inf", until: ByteText = "-inf",
        offset: Int = 0, limit: Int = 10
    ) -> ScriptArguments {
        [
            "scope": scope, "order": order, "from": from, "until": until, "offset": ByteText(offset),
            "limit": ByteText(limit),
        ]
    }

    /// A policy's row made at the start.
    static var row: ByteText { ["\(Scene.startMs)", "\(Scene.startMs)", "\"first\"", terms].joined("\0") }
}

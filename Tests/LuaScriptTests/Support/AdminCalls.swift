// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport

/// Arguments of the scripts for operators, with something sensible in each place.
enum AdminCalls {
    static let createTenant: ScriptArguments = [
        "name": "\"Acme\"", "terms": "{\"default_reservation_ttl_ms\":60000}", "entry": "{\"op\":\"createTenant\"}",
        "context": "{\"request_id\":\"r1\"}",
    ]

    static func createKey(_ id: ByteText = "key_1", hash: ByteText = "ab12") -> ScriptArguments {
        [
            "key_id": id, "hash": hash, "expires_ms": ByteText(Scene.startMs + 1000), "row": "{\"name\":\"first\"}",
            "entry": "{\"op\":\"createKey\"}", "context": "{}", "payload": "{\"key_id\":\"key_1\"}",
        ]
    }

    /// The global entry of an API key.
    static let entryKey: ByteText = "hf:key:ab12"

    static func enterKey(expiresMs: ByteText = "", owner: ByteText = "acme:key_1") -> ScriptArguments {
        ["owner": owner, "keep_s": "300", "expires_ms": expiresMs]
    }

    static func createBudget(_ path: ByteText = Paths.root, tag: ByteText = "A1") -> ScriptArguments {
        [
            "tag": tag, "path": path, "unit": "U", "allocated": "1000", "limit": "500", "policy": "o",
            "terms": "{\"ledger_id\":\"l1\"}", "entry": "{\"op\":\"createBudget\"}", "context": "{\"trace\":1}",
            "payload": "{\"scope\":\"tenant:acme\"}",
        ]
    }

    /// A credit, or another operation by its letter.
    static func fund(
        _ amount: Int64, tag: ByteText = "A1", h: ByteText = mark("fund"), operation: ByteText = "C", spent: Int64 = 0,
        caughtUpMs: Int64 = 0
    ) -> ScriptArguments {
        [
            "tag": tag, "path": Paths.root, "unit": "U", "amount": ByteText(amount), "h": h,
            "fingerprint": mark("f1"), "entry": "{\"op\":\"fund\"}", "context": "{}", "operation": operation,
            "spent": ByteText(spent), "place": place, "more": more, "caught_up_ms": ByteText(caughtUpMs),
        ]
    }

    /// Beginning of the events of a ledger, and what goes on after it.
    static let place: ByteText = "{\"scope\":\"tenant:acme\",\"unit\":\"USD_MICROCENTS\""
    static let more: ByteText = ",\"ledger_id\":\"l1\""

    static func update(
        limit: ByteText = "", policy: ByteText = "", metadata: ByteText = "", path: ByteText = Paths.root
    ) -> ScriptArguments {
        [
            "path": path, "unit": "U", "limit": limit, "policy": policy, "metadata": metadata,
            "entry": "{\"op\":\"update\"}", "context": "{}", "place": place, "more": more,
        ]
    }

    static func freeze(_ status: ByteText, path: ByteText = Paths.root) -> ScriptArguments {
        [
            "path": path, "unit": "U", "status": status, "entry": "{\"op\":\"freeze\"}", "context": "{}",
            "place": place, "more": more,
        ]
    }

    static func lookup(
        _ path: ByteText = Paths.root, tag: ByteText = "A1", unit: ByteText = "U", caughtUpMs: Int64 = 0
    ) -> ScriptArguments {
        ["tag": tag, "path": path, "unit": unit, "caught_up_ms": ByteText(caughtUpMs)]
    }

    static func scan(
        tag: ByteText = "A1", order: ByteText = "asc", after: ByteText = "", within: ByteText = "", unit: ByteText = "",
        room: Int64 = 1_000, caughtUpMs: Int64 = 0
    ) -> ScriptArguments {
        [
            "tag": tag, "order": order, "after": after, "within": within, "unit": unit, "room": ByteText(room),
            "caught_up_ms": ByteText(caughtUpMs),
        ]
    }

    static func scanShard(
        tenant: ByteText = "", after: ByteText = "", within: ByteText = "", unit: ByteText = ""
    ) -> ScriptArguments {
        ["tenant": tenant, "after": after, "within": within, "unit": unit]
    }
}

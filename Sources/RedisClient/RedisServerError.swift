// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// An error reply of Redis: its kind, and the message as Redis sent it.
package struct RedisServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What the first word of an error reply says about the state of the server or of the call.
    package enum Kind: Sendable, Hashable, CaseIterable {
        /// The script is not loaded (`NOSCRIPT`), or the function is not.
        case noScript
        /// Redis is reading its data from disk after a start.
        case loading
        /// A script has been running for too long and nothing else is served.
        case busy
        /// The memory limit is reached and the command could need more.
        case oom
        /// Redis cannot persist and therefore refuses writes.
        case misconf
        /// Fewer replicas are in touch than `min-replicas-to-write` asks for.
        case noReplicas
        /// The node is a replica and takes no writes.
        case readOnly
        /// The node is a replica that lost its primary and serves no stale values.
        case masterDown
        /// The cluster does not serve this slot, or none at all.
        case clusterDown
        /// Some of the keys of the call are just moving to another node.
        case tryAgain
        /// The slot has moved to another node for good.
        case moved
        /// The key has moved to another node, the slot not yet.
        case ask
        /// The keys of the call are in different slots.
        case crossSlot
        /// The connection must authenticate first.
        case noAuth
        /// User name or password are wrong, or the user is disabled.
        case wrongPass
        /// The user may not run this command or touch this key.
        case noPerm
        /// A key holds another type than the command needs.
        case wrongType
        /// A queued transaction was discarded.
        case execAbort
        /// Any other error reply, a script's own `error_reply` and run-time errors of scripts included.
        case other
    }

    /// What the first word of the reply says.
    package let kind: Kind
    /// The whole error line without the leading `-`, as sent.
    package let message: [UInt8]

    /// Classifies an error line; `message` is the line without its leading `-`.
    package init(message: [UInt8]) {
        self.message = message
        self.kind = Self.kind(of: message)
    }

    /// The message as text; bytes that are not UTF-8 are replaced.
    package var description: String {
        String(decoding: self.message, as: UTF8.self)
    }

    /// Whether the error was raised by a command inside a script that was already running.
    ///
    /// Redis ends such a message with the script and the line. Writes made before that line stay.
    package var raisedInsideScript: Bool {
        self.description.contains(" script: ")
    }

    private static func kind(of message: [UInt8]) -> Kind {
        let word = message.prefix { $0 != UInt8(ascii: " ") }
        return switch String(decoding: word, as: UTF8.self) {
        case "NOSCRIPT": .noScript
        case "LOADING": .loading
        case "BUSY": .busy
        case "OOM": .oom
        case "MISCONF": .misconf
        case "NOREPLICAS": .noReplicas
        case "READONLY": .readOnly
        case "MASTERDOWN": .masterDown
        case "CLUSTERDOWN": .clusterDown
        case "TRYAGAIN": .tryAgain
        case "MOVED": .moved
        case "ASK": .ask
        case "CROSSSLOT": .crossSlot
        case "NOAUTH": .noAuth
        case "WRONGPASS": .wrongPass
        case "NOPERM": .noPerm
        case "WRONGTYPE": .wrongType
        case "EXECABORT": .execAbort
        case "ERR" where message.elementsEqual("ERR Function not found".utf8): .noScript
        default: .other
        }
    }
}

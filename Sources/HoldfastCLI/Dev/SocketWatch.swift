// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Dispatch
internal import Foundation

/// Notices the end of a server on a local socket: an open connection to it ends then.
final class SocketWatch {
    private let source: any DispatchSourceRead

    /// Connects to the socket and calls `onEnd` when the connection ends; nil when nobody listens.
    init?(path: String, onEnd: @escaping @Sendable () -> Void) {
        guard let descriptor = Self.connect(path) else { return nil }
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
        self.source = source
        source.setEventHandler {
            // A connection that has ended stays readable.
            source.cancel()
            onEnd()
        }
        source.setCancelHandler { close(descriptor) }
        source.resume()
    }

    /// Stops watching.
    func cancel() { source.cancel() }

    /// Whether somebody accepts connections on a socket.
    static func isListening(path: String) -> Bool {
        guard let descriptor = connect(path) else { return false }
        close(descriptor)
        return true
    }

    /// An open connection, or nil.
    private static func connect(_ path: String) -> Int32? {
        #if canImport(Darwin)
        let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #else
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        #endif
        guard descriptor >= 0 else { return nil }
        guard connect(descriptor, path: path) else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private static func connect(_ descriptor: Int32, path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8) + [0]
        guard name.count <= MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Foundation

/// The little of a Redis client that is needed to see whether a server answers. Blocking, for one exchange.
enum LocalSocket {
    /// Whether the server on a local socket serves: it answers PING, or asks for a password, which it does not do while
    /// it reads its data.
    static func answersPing(path: String) -> Bool {
        guard let reply = self.exchange("PING\r\n", path: path) else { return false }
        return reply.starts(with: "+PONG".utf8) || reply.starts(with: "-NOAUTH".utf8)
    }

    /// Sends one line and returns the first bytes that come back, or nil.
    private static func exchange(_ line: String, path: String) -> [UInt8]? {
        let descriptor = socket(AF_UNIX, Self.streamType, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var limit = timeval()
        limit.tv_sec = 1
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard self.connect(descriptor, path: path) else { return nil }
        let bytes = Array(line.utf8)
        guard Foundation.send(descriptor, bytes, bytes.count, Watchdog.sendFlags) == bytes.count else { return nil }
        var reply = [UInt8](repeating: 0, count: 128)
        let count = recv(descriptor, &reply, reply.count, 0)
        return count > 0 ? Array(reply.prefix(count)) : nil
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

    /// A port of the loopback interface that was free a moment ago.
    static func freePort() throws(LocalStackError) -> Int {
        let descriptor = socket(AF_INET, Self.streamType, 0)
        guard descriptor >= 0 else { throw .system(call: "socket", code: errno) }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw .system(call: "bind", code: errno) }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    #if canImport(Darwin)
    private static let streamType = SOCK_STREAM
    #else
    private static let streamType = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    #endif
}

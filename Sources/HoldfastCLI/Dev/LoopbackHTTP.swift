// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Foundation

/// The little of an HTTP client that talks to a server on this machine: one request a connection, blocking.
struct LoopbackHTTP: Sendable {
    /// A response.
    struct Answer: Sendable {
        let status: Int
        let body: [UInt8]

        /// Status and body on one line, for an error message.
        var summary: String { "\(status) \(String(decoding: body.prefix(400), as: UTF8.self))" }
    }

    /// A system call failed, or the answer was not HTTP.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let port: Int

    /// Sends a request and waits at most five seconds for each part of the answer.
    func send(
        _ method: String, _ path: String, headers: [String: String] = [:], json body: String? = nil
    ) throws(Failure) -> Answer {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        return try Self.parse(try exchange(Array((head + "\r\n" + (body ?? "")).utf8)))
    }

    private func exchange(_ request: [UInt8]) throws(Failure) -> [UInt8] {
        let descriptor = try LoopbackSocket.open()
        defer { close(descriptor) }
        guard LoopbackSocket.with(port, { connect(descriptor, $0, $1) }) == 0 else { throw Self.failure("connect") }
        var sent = 0
        while sent < request.count {
            let count = request[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, LoopbackSocket.sendFlags)
            }
            guard count > 0 else { throw Self.failure("send") }
            sent += count
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count == 0 { return answer }
            guard count > 0 else { throw Self.failure("recv") }
            answer += chunk.prefix(count)
        }
    }

    static func parse(_ bytes: [UInt8]) throws(Failure) -> Answer {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
            throw Failure(description: "the answer has no end of headers")
        }
        let words = String(decoding: bytes[..<end.lowerBound].prefix { $0 != 13 }, as: UTF8.self).split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw Failure(description: "the answer is not HTTP")
        }
        return Answer(status: status, body: Array(bytes[end.upperBound...]))
    }

    private static func failure(_ call: String) -> Failure {
        Failure(description: "\(call) failed: \(String(cString: strerror(errno)))")
    }
}

/// TCP sockets of the loopback interface.
enum LoopbackSocket {
    #if canImport(Darwin)
    /// The socket itself is told not to raise SIGPIPE.
    static let sendFlags: Int32 = 0
    private static let streamType = SOCK_STREAM
    #else
    /// A server that closes early must not end us with SIGPIPE.
    static let sendFlags = Int32(MSG_NOSIGNAL)
    private static let streamType = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    #endif

    static func open() throws(LoopbackHTTP.Failure) -> Int32 {
        let descriptor = socket(AF_INET, streamType, 0)
        guard descriptor >= 0 else { throw LoopbackHTTP.Failure(description: "there is no socket left") }
        var limit = timeval()
        limit.tv_sec = 5
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        #if canImport(Darwin)
        setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
        #endif
        return descriptor
    }

    /// Calls `body` with 127.0.0.1 and a port.
    static func with<Result>(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// A port that nobody listens on at this moment: `port`, or any for 0; nil when it is taken.
    static func freePort(_ port: Int) throws(LoopbackHTTP.Failure) -> Int? {
        let descriptor = try open()
        defer { close(descriptor) }
        guard with(port, { bind(descriptor, $0, $1) }) == 0 else {
            if errno == EADDRINUSE { return nil }
            throw LoopbackHTTP.Failure(description: "port \(port) cannot be used: \(String(cString: strerror(errno)))")
        }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isKnown = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 }
        }
        return isKnown ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }
}

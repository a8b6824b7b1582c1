// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import Testing

@testable import HoldfastCLI

@Suite("holdfast dev without what it needs")
struct DevRefusalTests {
    @Test("a port in use is said in one sentence")
    func portInUse() async throws {
        let descriptor = try LoopbackSocket.open()
        defer { close(descriptor) }
        try #require(LoopbackSocket.with(0) { bind(descriptor, $0, $1) } == 0)
        try #require(listen(descriptor, 1) == 0)
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isKnown = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 }
        }
        try #require(isKnown)
        let port = Int(UInt16(bigEndian: address.sin_port))
        #expect(try LoopbackSocket.freePort(port) == nil)
        let ending = try await RunningProgram.holdfast("dev", "--port", "\(port)")
        #expect(ending.code == 69)
        #expect(
            ending.errors
                == "holdfast dev: port \(port) is in use. Choose another with --port, or 0 for any that is free.\n")
        #expect(ending.output.isEmpty)
    }

    @Test("a machine without Redis is told how to get it")
    func noRedis() async throws {
        let ending = try await RunningProgram.holdfast("dev", "--port", "0", environment: ["PATH": "/nowhere"])
        #expect(ending.code == 69)
        #expect(ending.errors.hasPrefix("holdfast dev: redis-server was not found"), "\(ending.errors)")
        #expect(ending.errors.contains("apt-get install redis-server"))
    }

    @Test("a Redis that is too old is named with the version needed")
    func oldRedis() async throws {
        try await RunningProgram.inTemporaryFolder { folder in
            let old = folder.appending(path: "redis-server")
            try await RunningProgram.write("echo 'Redis server v=6.2.7 sha=00000000:0'", to: old)
            let path = folder.path + ":/usr/bin:/bin"
            let ending = try await RunningProgram.holdfast("dev", "--port", "0", environment: ["PATH": path])
            #expect(ending.code == 69)
            #expect(ending.errors == "holdfast dev: redis-server 6.2.7 is too old: version 7.0 or newer is needed.\n")
        }
    }

    @Test("a program that is not beside it is named with the place where it should be")
    func lonelyProgram() async throws {
        try await RunningProgram.inTemporaryFolder { folder in
            let program = folder.appending(path: "holdfast")
            let original = RunningProgram.folder.appending(path: "holdfast").path
            let copying = try await RunningProgram.shell("cp '\(original)' '\(program.path)'")
            try #require(copying.code == 0)
            let ending = try await RunningProgram(program, ["dev"]).ending()
            #expect(ending.code == 69)
            #expect(ending.errors.contains("holdfast-server is not beside this program"), "\(ending.errors)")
        }
    }
}

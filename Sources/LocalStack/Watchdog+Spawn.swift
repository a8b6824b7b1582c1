// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Foundation

extension Watchdog {
    #if canImport(Darwin)
    /// The socket itself is told not to raise SIGPIPE.
    static let sendFlags: Int32 = 0
    private static let socketType = SOCK_STREAM
    #else
    /// A dead shell must not kill us with SIGPIPE.
    static let sendFlags = Int32(MSG_NOSIGNAL)
    private static let socketType = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    #endif

    /// How long an answer of the shell may take.
    private static let patience = 20

    /// Two connected sockets that no other child process inherits: it would keep the shell from seeing our end.
    static func socketPair() throws(LocalStackError) -> (ours: Int32, theirs: Int32) {
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, self.socketType, 0, &pair) == 0 else {
            throw .system(call: "socketpair", code: errno)
        }
        #if canImport(Darwin)
        var yes: Int32 = 1
        for socket in pair { _ = fcntl(socket, F_SETFD, FD_CLOEXEC) }
        setsockopt(pair[0], SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
        #endif
        var limit = timeval()
        limit.tv_sec = self.patience
        setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        return (pair[0], pair[1])
    }

    /// Starts a process in a process group of its own, with `standardStreams` as input, output and error output.
    static func spawn(_ words: [String], standardStreams: Int32) throws(LocalStackError) -> pid_t {
        #if canImport(Darwin)
        var actions: posix_spawn_file_actions_t?
        var attributes: posix_spawnattr_t?
        #else
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for stream in [STDIN_FILENO, STDOUT_FILENO] {
            posix_spawn_file_actions_adddup2(&actions, standardStreams, stream)
        }
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        // A listening socket of ours that the server inherits would stay open, and accept, after we have closed it.
        #if canImport(Darwin)
        let closesOthers = POSIX_SPAWN_CLOEXEC_DEFAULT
        #else
        let closesOthers: Int32 = 0
        for descriptor in self.descriptorsToClose() { posix_spawn_file_actions_addclose(&actions, descriptor) }
        #endif
        // Threads of Dispatch block most signals and a child inherits that: a shell that never hears of the end of its
        // child, a server deaf to SIGTERM.
        var blocked = sigset_t()
        sigemptyset(&blocked)
        posix_spawnattr_setsigmask(&attributes, &blocked)
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in [SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGCHLD] { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | closesOthers
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        let arguments = self.cStrings(words)
        let environment = self.cStrings(["PATH=\(path)", "LC_ALL=C"])
        defer { for text in arguments + environment { free(text) } }
        var process = pid_t()
        let code = posix_spawn(&process, words[0], &actions, &attributes, arguments, environment)
        guard code == 0 else { throw .system(call: "posix_spawn", code: code) }
        return process
    }

    #if !canImport(Darwin)
    /// All descriptors above the standard streams that are open, and some that may be opened meanwhile. To close one
    /// that is not open does no harm.
    private static func descriptorsToClose() -> ClosedRange<Int32> {
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        let highest = open.compactMap { Int32($0) }.max() ?? 255
        return (STDERR_FILENO + 1)...(highest + 64)
    }
    #endif

    private static func cStrings(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        texts.map { text in strdup(text) } + [nil]
    }
}

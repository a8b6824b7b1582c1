// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Foundation
internal import Synchronization

/// A shell that owns one server process and a temporary directory, and outlives us just long enough to clean up.
///
/// The shell starts, stops and signals the server on our word. When our end of the socket is closed, in whatever way we
/// end, it kills the server, removes the directory and exits. Both are in a process group of their own, so that Ctrl-C
/// in a terminal reaches us alone.
final class Watchdog: Sendable {
    private struct Link {
        var socket: Int32
        var received: [UInt8] = []
    }

    /// The directory, removed in the end.
    let directory: String

    private let process: pid_t
    private let link: Mutex<Link>

    // `jobs` makes the shell look for a dead child; without it the child would count as alive.
    private static let script = """
        trap '' HUP INT TERM PIPE
        program=$1
        directory=$(mktemp -d "$2/holdfast.XXXXXX") || exit 1
        echo "$directory"
        pid=
        alive() {
            jobs >/dev/null 2>&1
            [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null
        }
        finish() {
            if alive; then
                kill -"$1" "$pid" 2>/dev/null
                kill -CONT "$pid" 2>/dev/null
                wait "$pid" 2>/dev/null
            fi
            pid=
        }
        while read -r word; do
            answer=done
            case $word in
            start)
                "$program" "$directory/redis.conf" </dev/null >>"$directory/redis.log" 2>&1 &
                pid=$!
                ;;
            version) answer=$("$program" --version </dev/null 2>&1 | head -n 1) ;;
            alive) if alive; then answer=yes; else answer=no; fi ;;
            stop) finish TERM ;;
            kill) finish KILL ;;
            pause) kill -STOP "$pid" 2>/dev/null ;;
            resume) kill -CONT "$pid" 2>/dev/null ;;
            esac
            echo "$answer"
        done
        finish KILL
        rm -rf "$directory"
        """

    /// Starts the shell; `program` is the path of the server program, `base` the directory to make ours in.
    init(program: String, base: String) throws(LocalStackError) {
        let (ours, theirs) = try Self.socketPair()
        defer { close(theirs) }
        do {
            self.process = try Self.spawn(
                ["/bin/sh", "-c", Self.script, "holdfast-watchdog", program, base],
                standardStreams: theirs
            )
        } catch {
            close(ours)
            throw error
        }
        var link = Link(socket: ours)
        do {
            self.directory = try Self.readLine(&link)
        } catch {
            close(ours)
            Self.reap(self.process)
            throw error
        }
        self.link = Mutex(link)
    }

    deinit {
        guard self.hangUp() else { return }
        // The caller may be on a thread that must not block; the dead shell must not stay as a zombie.
        let process = self.process
        DispatchQueue.global().async { Self.reap(process) }
    }

    /// Says one word and waits for the answer; blocks the thread, at most for some seconds.
    func ask(_ word: String) throws(LocalStackError) -> String {
        let result: Result<String, LocalStackError> = self.link.withLock { link in
            Result { () throws(LocalStackError) in
                guard link.socket >= 0 else { throw .watchdogGone }
                var line = Array((word + "\n").utf8)
                while !line.isEmpty {
                    let count = send(link.socket, line, line.count, Self.sendFlags)
                    guard count > 0 else { throw .watchdogGone }
                    line.removeFirst(count)
                }
                return try Self.readLine(&link)
            }
        }
        return try result.get()
    }

    /// Closes the socket and waits until the shell has cleaned up; blocks the thread. Does nothing the second time.
    func end() {
        if self.hangUp() { Self.reap(self.process) }
    }

    private func hangUp() -> Bool {
        self.link.withLock { link in
            guard link.socket >= 0 else { return false }
            close(link.socket)
            link.socket = -1
            return true
        }
    }

    private static func readLine(_ link: inout Link) throws(LocalStackError) -> String {
        while true {
            if let end = link.received.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: link.received[..<end], as: UTF8.self)
                link.received.removeFirst(end + 1)
                return line
            }
            var chunk = [UInt8](repeating: 0, count: 512)
            let count = recv(link.socket, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .watchdogGone }
            link.received += chunk.prefix(count)
        }
    }

    private static func reap(_ process: pid_t) {
        while waitpid(process, nil, 0) < 0, errno == EINTR {}
    }
}

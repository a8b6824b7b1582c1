// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import ArgumentParser

/// `holdfast dev`.
struct DevCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract: "Starts a private Redis, a server, a worker and a tenant to try; Ctrl-C ends it all.",
        discussion: """
            Everything lives in a temporary directory and is gone afterwards. Settings of server and worker are taken \
            from the environment, except for those that this command decides. Exit code 0: ended by Ctrl-C or SIGTERM; \
            1: a process ended by itself; 69: something that is needed is not there.
            """)

    @Option(name: .customLong("port"), help: "The server's port on 127.0.0.1; 0 for any free one.")
    var port = 7_878

    @Flag(name: .customLong("verbose"), help: "Print what server and worker log, too.")
    var isVerbose = false

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port must be a number from 0 to 65535") }
    }

    func run() async throws {
        let code = await DevSession(port: port, isVerbose: isVerbose).run()
        if code != 0 { throw ExitCode(code) }
    }
}

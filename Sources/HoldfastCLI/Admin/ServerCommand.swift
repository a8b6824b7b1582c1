// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import ArgumentParser
internal import Foundation
internal import StrictJSON

/// How to reach the server, and in which form to print what it says.
struct ServerOptions: ParsableArguments {
    @Option(name: .customLong("url"), help: "The server; HOLDFAST_URL unless given, else http://127.0.0.1:7878.")
    var url: String?

    @Option(
        name: .customLong("admin-api-key-file"),
        help: "A file with the operator's key; HOLDFAST_ADMIN_API_KEY unless given.")
    var adminAPIKeyFile: String?

    @Flag(name: .customLong("json"), help: "Print the server's answer as it came, one JSON object.")
    var isJSON = false

    private var environment: [String: String] { ProcessInfo.processInfo.environment.filter { !$0.value.isEmpty } }

    /// The server that flags and environment name, asked as the operator.
    func client() throws -> AdminClient {
        let address = try address()
        let key: String
        if let path = adminAPIKeyFile {
            key = try InputFile.line(of: path)
        } else {
            key = environment["HOLDFAST_ADMIN_API_KEY"] ?? ""
        }
        guard !key.isEmpty else {
            throw Unusable(
                description: "the operator's key is missing: set HOLDFAST_ADMIN_API_KEY, or name a file with it by "
                    + "--admin-api-key-file")
        }
        return AdminClient(url: address, key: try sendable(key, "the operator's key"))
    }

    /// The same server, asked as a tenant.
    func client(tenantKey: String) throws -> AdminClient {
        AdminClient(url: try address(), key: try sendable(tenantKey, "the API key"), keyHeader: .tenantKey)
    }

    private func address() throws -> ServerURL {
        let (name, text) = url.map { ("--url", $0) } ?? ("HOLDFAST_URL", environment["HOLDFAST_URL"] ?? Self.usual)
        guard let address = ServerURL(text) else {
            throw Unusable(description: "\(name) must be like \(Self.usual), is \(text)")
        }
        return address
    }

    private static let usual = "http://127.0.0.1:7878"

    private func sendable(_ key: String, _ name: String) throws -> String {
        guard key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Unusable(description: "\(name) has characters that a header cannot have")
        }
        return key
    }
}

/// What was given cannot be used: nobody was asked, and the exit code is that of wrong flags.
struct Unusable: Error, CustomStringConvertible {
    let description: String
}

/// What commands read besides their flags.
enum InputFile {
    /// The bytes of a file, or of the input for `-`.
    static func bytes(of path: String) throws -> [UInt8] {
        do {
            if path == "-" { return Array(try FileHandle.standardInput.readToEnd() ?? Data()) }
            return Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw Unusable(description: "\(path) cannot be read: \(error.localizedDescription)")
        }
    }

    /// The text of a file, or of the input for `-`, without the space around it.
    static func line(of path: String) throws -> String {
        String(decoding: try bytes(of: path), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The API key on the first line of the input, where other users cannot see it.
    static func secret() throws -> String {
        guard let line = readLine(), let secret = line.split(whereSeparator: \.isWhitespace).first else {
            throw ValidationError("the API key is read from the input, which is empty")
        }
        return String(secret)
    }
}

/// Which rows of a list to show.
struct PageOptions: ParsableArguments {
    @Option(help: "Rows to show, 1 to 100.")
    var limit = 50

    @Option(help: "Go on where the page before ended.")
    var cursor: String?

    /// As query parameters.
    var query: [(name: String, value: String?)] { [("limit", String(limit)), ("cursor", cursor)] }
}

/// In which order to show them.
struct OrderOptions: ParsableArguments {
    @Option(help: "The field to sort by, as in the JSON.")
    var sortBy: String?

    @Option(help: "asc or desc.")
    var sortDir: String?

    /// As query parameters.
    var query: [(name: String, value: String?)] { [("sort_by", sortBy), ("sort_dir", sortDir)] }
}

/// What a command has to show.
struct CommandOutput {
    /// For programs.
    let json: [UInt8]
    /// For people.
    let text: String
    /// Whether the server did as asked, and it went wrong: exit code 1.
    let isFailure: Bool

    init(_ root: JSONValue, text: String, isFailure: Bool = false) {
        json = Array(root.raw)
        self.text = text
        self.isFailure = isFailure
    }
}

/// A command that asks a server.
protocol ServerCommand: AsyncParsableCommand {
    var server: ServerOptions { get }

    /// Whom to ask, and as whom: the operator unless a command says otherwise.
    func client() throws -> AdminClient

    /// Does it.
    func perform(_ client: AdminClient) async throws -> CommandOutput
}

extension ServerCommand {
    func client() throws -> AdminClient { try server.client() }

    /// Prints what came of it, or a refusal's code and message with exit code 1. What is wrong with the command itself
    /// is exit code 64.
    func run() async throws {
        do {
            let output = try await perform(try client())
            Terminal.output(server.isJSON ? String(decoding: output.json, as: UTF8.self) : output.text)
            if output.isFailure { throw ExitCode(1) }
        } catch let code as ExitCode {
            throw code
        } catch let usage as ValidationError {
            throw usage
        } catch let problem as Unusable {
            Terminal.message("holdfast: \(problem)")
            throw ExitCode.validationFailure
        } catch {
            Terminal.message("holdfast: \(error)")
            throw ExitCode(1)
        }
    }
}

/// A unit of budgets.
enum UnitWord: String, CaseIterable, ExpressibleByArgument {
    case usdMicrocents = "USD_MICROCENTS"
    case tokens = "TOKENS"
    case credits = "CREDITS"
    case riskPoints = "RISK_POINTS"

    init?(argument: String) { self.init(rawValue: argument.uppercased()) }
}

/// What happens to a commit above the reserved amount.
enum OverageWord: String, CaseIterable, ExpressibleByArgument {
    case reject = "REJECT"
    case allowIfAvailable = "ALLOW_IF_AVAILABLE"
    case allowWithOverdraft = "ALLOW_WITH_OVERDRAFT"

    init?(argument: String) { self.init(rawValue: argument.uppercased()) }
}

/// `key=value`.
struct KeyValue: ExpressibleByArgument {
    let key: String
    let value: String

    init?(argument: String) {
        guard let mark = argument.firstIndex(of: "="), mark != argument.startIndex else { return nil }
        key = String(argument[..<mark])
        value = String(argument[argument.index(after: mark)...])
    }
}

/// The tenant that a scope or pattern begins with.
func tenant(ofScope scope: String) throws -> String {
    let first = scope.prefix { $0 != "/" }
    guard first.hasPrefix("tenant:"), first.count > 7 else {
        throw ValidationError("a scope begins with tenant:<id>, as in tenant:acme/workspace:prod")
    }
    return String(first.dropFirst(7))
}

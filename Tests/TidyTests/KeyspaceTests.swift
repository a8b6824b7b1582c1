// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

/// A family of keys: what its name begins with, inside the shard, inside a tenant, or for the whole installation.
struct KeyFamily: Hashable, CustomStringConvertible {
    enum Place: String {
        case installation, shard, tenant
    }

    let place: Place
    /// The fixed text: `due`, `r:`, `:l:`, `hf:key:`.
    let text: String

    init(_ place: Place, _ text: some StringProtocol) {
        self.place = place
        self.text = String(text)
    }

    var description: String { "\(place.rawValue) key '\(text)'" }

    /// Families in Lua code: texts joined to the shard's prefix or to the tenant's key.
    static func inLua(_ code: String) -> Set<KeyFamily> {
        let tenant = code.matches(of: /\b(?:tenant_key|KEYS\[2\])\s*\.\.\s*'([^']+)'/)
        let shard = code.matches(of: /\b(?:prefix|KEYS\[1\])\s*\.\.\s*'([^']+)'/)
        return Set(tenant.map { KeyFamily(.tenant, $0.1) } + shard.map { KeyFamily(.shard, $0.1) })
    }

    /// Families in Keyspace.swift: its string literals.
    static func inSwift(_ text: String) -> Set<KeyFamily> {
        Set(
            text.matches(of: /"([^"]+)"\.utf8/).map { match in
                if match.1.hasPrefix("hf:") { return KeyFamily(.installation, match.1) }
                return match.1.hasPrefix(":") ? KeyFamily(.tenant, match.1) : KeyFamily(.shard, match.1)
            })
    }

    /// The family of a pattern in docs/keyspace.md; nil for `B` and `T` themselves.
    init?(documented pattern: Substring) {
        let fixed = pattern.prefix { $0 != "<" }
        if fixed.hasPrefix("hf:") {
            self.init(.installation, fixed)
        } else if fixed.hasPrefix("B ") {
            self.init(.shard, fixed.dropFirst(2))
        } else if fixed.hasPrefix("T:") {
            self.init(.tenant, fixed.dropFirst(1))
        } else {
            return nil
        }
    }
}

@Suite("docs/keyspace.md")
struct KeyspaceTests {
    /// A row of the table of keys.
    private struct Row {
        let pattern: Substring
        let type: Substring
        let content: Substring
        let writers: Substring
        let lifetime: Substring
    }

    private static let rows: [Row] = {
        guard let page = Repository.file("docs/keyspace.md") else { return [] }
        guard let table = page.text.firstMatch(of: /(?s)\n## Keys\n(.*?)\n##\s/) else { return [] }
        return table.1.split(separator: "\n").filter { $0.hasPrefix("| `") }.compactMap { line in
            let cells = line.split(separator: "|").map { $0.drop { $0 == " " } }
            guard cells.count == 5, let pattern = cells[0].firstMatch(of: /^`([^`]+)`/) else { return nil }
            return Row(pattern: pattern.1, type: cells[1], content: cells[2], writers: cells[3], lifetime: cells[4])
        }
    }()

    private static let documented = Set(rows.compactMap { KeyFamily(documented: $0.pattern) })

    @Test("every key that a script or Keyspace.swift builds is documented")
    func everyKeyIsDocumented() throws {
        let keyspace = try #require(Repository.file("Sources/SharedKernel/Keyspace/Keyspace.swift"))
        for unit in LuaTree.units {
            let missing = KeyFamily.inLua(unit.code).subtracting(Self.documented)
            #expect(missing.isEmpty, "\(unit.file.path): \(missing)")
        }
        let missing = KeyFamily.inSwift(keyspace.text).subtracting(Self.documented)
        #expect(missing.isEmpty, "\(keyspace.path): \(missing)")
    }

    @Test("every documented key is built somewhere")
    func everyDocumentedKeyExists() throws {
        let keyspace = try #require(Repository.file("Sources/SharedKernel/Keyspace/Keyspace.swift"))
        let built = LuaTree.units.reduce(into: KeyFamily.inSwift(keyspace.text)) {
            $0.formUnion(KeyFamily.inLua($1.code))
        }
        #expect(Self.documented.subtracting(built).isEmpty)
        #expect(Self.documented.count >= 25)
        #expect(Self.rows.contains { $0.pattern == "B" } && Self.rows.contains { $0.pattern == "T" })
    }

    @Test("every row has type, content, writer and lifetime; no key stands twice")
    func rowsAreComplete() {
        let types: Set<Substring> = ["string", "hash", "zset", "stream", "set", "list"]
        for row in Self.rows {
            #expect(types.contains(row.type.prefix { $0 != " " }), "\(row.pattern)")
            for cell in [row.content, row.writers, row.lifetime] {
                #expect(cell.contains { $0 != " " }, "\(row.pattern)")
            }
        }
        #expect(Set(Self.rows.map(\.pattern)).count == Self.rows.count)
    }

    @Test("every script named as a key's writer exists and names that key")
    func writersAreScripts() {
        for row in Self.rows {
            for match in row.writers.matches(of: /`(\w+\/\w+)`/) {
                guard let script = LuaTree.scripts.first(where: { $0.name == match.1 }) else {
                    Issue.record("\(row.pattern): there is no script \(match.1)")
                    continue
                }
                guard let family = KeyFamily(documented: row.pattern), family.place != .installation else { continue }
                let named = LuaTree.bundle(of: script).contains { KeyFamily.inLua($0.code).contains(family) }
                #expect(named, "\(row.pattern): \(script.name) never names it")
            }
        }
    }

    @Test("keys are built in the keyspace files only")
    func keysAreBuiltInOnePlace() {
        let tenantTexts = Set(Self.documented.filter { $0.place == .tenant }.map(\.text))
        let builders = ["Sources/SharedKernel/Keyspace/", "Sources/TestSupport/"]
        for file in Repository.swiftFiles(in: "Sources") where !builders.contains(where: file.path.hasPrefix) {
            for (index, line) in file.lines.enumerated() where line.contains("\"") {
                let literals = line.matches(of: /"([^"\\]+)"/).map { String($0.1) }
                let keys = literals.filter { $0.hasPrefix("hf:") || tenantTexts.contains($0) }
                #expect(keys.isEmpty, "\(file.path):\(index + 1) spells the key \(keys)")
            }
        }
    }

    @Test("key patterns are read out of code and out of the table")
    func familiesAreRecognised() {
        let lua = "call('GET', tenant_key .. ':l:' .. unit) call('SET', KEYS[1] .. 'r:' .. h) local a = name .. ':x'"
        #expect(KeyFamily.inLua(lua) == [KeyFamily(.tenant, ":l:"), KeyFamily(.shard, "r:")])
        let swift = #"shard.prefix + [UInt8]("out".utf8) + [UInt8](":bud".utf8) + [UInt8]("hf:key:".utf8)"#
        #expect(
            KeyFamily.inSwift(swift) == [
                KeyFamily(.shard, "out"), KeyFamily(.tenant, ":bud"), KeyFamily(.installation, "hf:key:"),
            ])
        #expect(KeyFamily(documented: "T:l:<unit>:<path>") == KeyFamily(.tenant, ":l:"))
        #expect(KeyFamily(documented: "B r:<h>") == KeyFamily(.shard, "r:"))
        #expect(KeyFamily(documented: "T") == nil)
    }
}

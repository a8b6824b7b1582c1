// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import LuaCatalog

/// The arguments of a script by their names in its header, so that a test does not depend on their order.
package struct ScriptArguments: Sendable, ExpressibleByDictionaryLiteral {
    /// What stands for each name.
    package var named: [String: ByteText]
    /// What stands for the last name, if it takes any number of elements.
    package var rest: [ByteText]

    /// Arguments by name, then those of a variadic last one.
    package init(_ named: [String: ByteText], rest: [ByteText] = []) {
        self.named = named
        self.rest = rest
    }

    package init(dictionaryLiteral elements: (String, ByteText)...) {
        self.init(Dictionary(uniqueKeysWithValues: elements))
    }

    /// What stands for `name`; empty when nothing does.
    package subscript(name: String) -> ByteText {
        get { self.named[name] ?? "" }
        set { self.named[name] = newValue }
    }

    /// The words in the order of the script's header; throws when a name is missing or too much.
    package func words(for script: LuaScript) throws(ContractBreach) -> [ByteText] {
        let names = script.isVariadic ? script.argumentNames.dropLast() : script.argumentNames[...]
        guard Set(names) == Set(self.named.keys), script.isVariadic || self.rest.isEmpty else {
            let given = self.named.keys.sorted().joined(separator: " ")
            throw ContractBreach(
                description: "\(script.name) takes \(script.argumentNames.joined(separator: " ")), not \(given)")
        }
        return names.map { self[$0] } + self.rest
    }
}

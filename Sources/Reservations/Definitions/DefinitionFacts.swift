// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// What is known of a tenant's definitions, at one version of them.
package struct DefinitionFacts: Sendable {
    /// Something to find out.
    package enum Question: Hashable, Sendable {
        /// The definition of this name.
        case definition([UInt8])
        /// The smallest number of a registered name that looks like a slot of this one.
        case firstSlotName([UInt8])
        /// The names below this one.
        case children([UInt8])
    }

    /// Children that one answer names; of more there is no answer.
    static let childrenMax = 1_000

    /// The version of the definitions; changes with each of them.
    package private(set) var version: [UInt8] = []
    private(set) var definitions: [[UInt8]: StoredDefinition?] = [:]
    private(set) var firstSlotNames: [[UInt8]: Int64] = [:]
    private(set) var children: [[UInt8]: [[UInt8]]] = [:]

    /// Nothing known.
    package init() {}
}

/// Asks about definitions; changes nothing.
package struct FindDefinitions: Sendable {
    /// Questions about children in one call: each may have a long answer.
    private static let childrenPerCall = 4

    package let questions: [DefinitionFacts.Question]

    /// The first few of these questions, as many as fit in a call.
    package init(_ questions: ArraySlice<DefinitionFacts.Question>) {
        var fitting: [DefinitionFacts.Question] = []
        var children = 0
        for question in questions.prefix(Int(Limits.definitionsPerCall)) {
            if case .children = question {
                children += 1
                guard children <= Self.childrenPerCall else { break }
            }
            fitting.append(question)
        }
        self.questions = fitting
    }

    /// One round trip.
    package func call(for principal: Principal) -> ScriptCall {
        var call = ScriptCall(.reservationFindDefinitions, keys: principal.keys)
        call.append(principal.tag)
        for question in questions {
            switch question {
            case .definition(let name): call.append([UInt8(ascii: "d")] + name)
            case .firstSlotName(let name): call.append([UInt8(ascii: "s")] + name)
            case .children(let name): call.append([UInt8(ascii: "c")] + name)
            }
        }
        return call
    }

    /// Reads the reply into what is known; false when the definitions changed since the first question.
    package func learn(_ reply: ScriptReply, into facts: inout DefinitionFacts) throws(ScriptFault) -> Bool {
        guard reply.isWord("FOUND"), reply.count == questions.count + 1 else { throw reply.malformed("word") }
        guard facts.learn(version: try reply.bytes(0)) else { return false }
        for (index, question) in questions.enumerated() {
            guard facts.learn(question, try reply.bytes(index + 1)) else { throw reply.malformed("definition") }
        }
        return true
    }
}

extension DefinitionFacts {
    fileprivate mutating func learn(version: [UInt8]) -> Bool {
        if self.version.isEmpty { self.version = version }
        return self.version == version
    }

    /// false when the answer makes no sense.
    fileprivate mutating func learn(_ question: Question, _ answer: [UInt8]) -> Bool {
        switch question {
        case .definition(let name):
            guard !answer.isEmpty else {
                definitions[name] = .some(nil)
                return true
            }
            guard let stored = StoredDefinition(row: answer) else { return false }
            definitions[name] = stored
        case .firstSlotName(let name):
            // A score: what is no plain integer is beyond every capacity.
            firstSlotNames[name] = Int64(String(decoding: answer, as: UTF8.self)) ?? .max
        case .children(let name): children[name] = answer.split(separator: 9).map { Array($0) }
        }
        return true
    }
}

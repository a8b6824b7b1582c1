// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import LuaBundling
package import LuaCatalog

extension LuaScript {
    /// The script that the build would make of this bundle.
    package init(_ bundled: BundledScript) {
        self.init(bundled, source: bundled.source, sha1: bundled.sha1)
    }

    /// The same with a clock that tests set: see ``TestClock``. Line numbers stay as they are.
    package init(withTestClock bundled: BundledScript) throws(TestClockFault) {
        let source = try TestClock.swapped(bundled.source, of: bundled.name)
        self.init(bundled, source: source, sha1: SHA1.hexDigest(of: source.utf8))
    }

    private init(_ bundled: BundledScript, source: String, sha1: String) {
        self.init(
            name: bundled.name,
            summary: bundled.summary,
            source: source,
            sha1: sha1,
            retry: RetryClass(bundled.retry),
            keyNames: bundled.keyNames,
            hasVariadicKeys: bundled.hasVariadicKeys,
            argumentNames: bundled.argumentNames,
            isVariadic: bundled.isVariadic,
            replies: bundled.replies.map { LuaReply(word: $0.word, fields: $0.fields, isVariadic: $0.isVariadic) },
            flags: bundled.flags,
            lineMap: bundled.lineMap
        )
    }
}

extension RetryClass {
    fileprivate init(_ declared: DeclaredRetry) {
        switch declared {
        case .keyed: self = .keyed
        case .safe: self = .safe
        case .never: self = .never
        }
    }
}

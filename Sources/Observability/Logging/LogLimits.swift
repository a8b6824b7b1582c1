// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// How much of an event a log line carries; what is beyond is cut and marked, never refused.
package enum LogLimits {
    /// Bytes of UTF-8 kept of one top-level value, everything nested in it included (before escaping).
    package static let valueBytes = 4_096
    /// Bytes of UTF-8 a metadata key may have; a field with a longer key is left out.
    package static let keyBytes = 128
    /// Metadata fields of one event; the rest, in the order of their keys, is left out.
    package static let fields = 64
    /// Levels of nested metadata that are followed.
    package static let depth = 8
    /// What each element of a nested value takes from ``valueBytes`` besides its own bytes.
    static let elementBytes = 8
}

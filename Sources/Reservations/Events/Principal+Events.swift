// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel

extension Principal {
    /// The label argument of scripts that take: the API key's name and, where events of resources are wanted, after a
    /// line feed the request and actor they come from.
    func label(with context: [UInt8]) -> [UInt8] { wantsResourceEvents ? keyName + [10] + context : keyName }
}

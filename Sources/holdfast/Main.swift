// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HoldfastCLI

@main
enum Main {
    static func main() async { await CommandLineTool.main() }
}

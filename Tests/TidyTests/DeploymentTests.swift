// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

@Suite("Deployment files")
struct DeploymentTests {
    @Test("the image builds programs that exist, and runs as nobody in particular")
    func theImageIsPlain() throws {
        let image = try #require(Repository.file("Dockerfile"))
        let manifest = Manifest(try #require(Repository.file("Package.swift")).text)
        let built = Set(image.text.matches(of: /--product ([\w-]+)/).map { String($0.1) })
        #expect(built == ["holdfast", "holdfast-server", "holdfast-worker"])
        #expect(built.isSubset(of: manifest.executables))
        let users = image.lines.filter { $0.hasPrefix("USER ") }
        #expect(users.count == 1 && users.allSatisfy { $0 != "USER root" && $0 != "USER 0" })
        #expect(image.lines.contains { $0.hasPrefix("HEALTHCHECK ") })
        #expect(image.lines.filter { $0.hasPrefix("FROM ") }.count == 2)
    }

    @Test("compose gives its Redis a log on disk and never lets it drop keys")
    func composeIsDurable() throws {
        let compose = try #require(Repository.file("docker-compose.yml"))
        for words in ["appendonly", "everysec", "noeviction"] { #expect(compose.text.contains(words), "\(words)") }
        #expect(compose.text.matches(of: /(?m)^    healthcheck:/).count >= 3)
    }

    @Test("every target of the Makefile is explained in its help and none is taken for a file")
    func makeExplainsItself() throws {
        let makefile = try #require(Repository.file("Makefile"))
        let targets = makefile.text.matches(of: /(?m)^([a-z-]+):(?!=)(.*)$/)
        let phony = makefile.text.matches(of: /(?m)^\.PHONY: (.*)$/).flatMap { $0.1.split(separator: " ") }
        for target in targets {
            #expect(target.2.contains("## "), "make \(target.1) has no help")
            #expect(phony.contains(target.1), "make \(target.1) is not phony")
        }
        let wanted: Set<Substring> = [
            "help", "run", "test", "build", "release", "lint", "format", "bench", "verify", "clean", "deps",
        ]
        #expect(wanted.isSubset(of: Set(targets.map(\.1))))
    }

    @Test("the check that runs on every change calls lint and test")
    func everyChangeIsChecked() throws {
        let script = try #require(Repository.file(".ci/run"))
        #expect(script.text.hasPrefix("#!/usr/bin/env bash\n"))
        for words in ["set -euo pipefail", "make", "lint", "test"] { #expect(script.text.contains(words), "\(words)") }
    }
}

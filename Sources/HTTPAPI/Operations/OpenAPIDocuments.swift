// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import OpenAPIFiles

/// The OpenAPI files of the three APIs at `/openapi/<name>.yaml`, open to everybody: they hold nothing secret.
package enum OpenAPIDocuments {
    /// One endpoint a file.
    package static var endpoints: [Endpoint] {
        OpenAPIFile.allCases.map { file in
            let response = APIResponse(
                status: .ok, headers: [.cacheControl: "no-cache"], body: file.bytes, contentType: "application/yaml")
            return Endpoint(
                file.rawValue + "OpenAPI", .get, "/openapi/" + file.name, surface: .operations, access: .open
            ) { _ in .respond(response) }
        }
    }
}

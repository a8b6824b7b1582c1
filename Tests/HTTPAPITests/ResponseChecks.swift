// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import TestSupport

extension APIResponse {
    /// Holds the answer to a request against the OpenAPI file of its API; every answer that these tests get goes
    /// through here. Without the pipeline an answer has no headers yet.
    func check(_ method: HTTPRequest.Method, _ target: String, passedPipeline: Bool = true) throws {
        let headers = headers.map { (name: $0.name.rawName, value: $0.value) }
        try ResponseValidator.forRequest(method.rawValue, target).check(
            method.rawValue, target, status: status.code, headers: passedPipeline ? headers : nil,
            contentType: contentType, body: body)
    }
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import SharedKernel
package import StrictJSON

extension APIRequest {
    /// The body as a JSON document; a refusal that says what is wrong with it.
    package func document() throws(APIError) -> JSONDocument {
        do {
            return try JSONDocument.parse(body, maxDepth: Limits.jsonDepthMax)
        } catch {
            throw .invalid(error.message(of: body))
        }
    }

    /// Checks that the header `X-Idempotency-Key`, when sent, is 1 to 256 characters and equals the body's key.
    package func checkIdempotencyHeader(_ bodyKey: [UInt8]) throws(APIError) {
        guard let header = headers[.idempotencyKey] else { return }
        guard Limits.idempotencyKeyCharacters.contains(header.unicodeScalars.count) else {
            throw .invalid("X-Idempotency-Key: must be 1 to 256 characters")
        }
        guard header.utf8.elementsEqual(bodyKey) else {
            throw .invalid("X-Idempotency-Key: differs from idempotency_key in the body")
        }
    }
}

/// Runs a decoding closure and turns what it throws into a step.
package func planning(_ body: () throws -> Step) -> Step {
    do {
        return try body()
    } catch let error as FieldError {
        return .invalid(error.message)
    } catch let error as APIError {
        return .refuse(error)
    } catch {
        return .refuse(APIError(.internalServerError, "INTERNAL_ERROR", "the request could not be planned"))
    }
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("Responses against a document")
struct ResponseValidatorTests {
    private static let yaml = """
        openapi: 3.1.0
        paths:
          /v1/things:
            post:
              responses:
                '201': {$ref: '#/components/responses/Thing'}
                '400': {$ref: '#/components/responses/Bad'}
          /v1/things/first:
            get:
              responses:
                '204': {description: nothing, headers: {X-Id: {$ref: '#/components/headers/Id'}}}
          /v1/things/{id}:
            get:
              responses:
                '200': {$ref: '#/components/responses/Thing'}
          /api/v1/Lock/{name}/state:
            get:
              responses:
                default: {$ref: '#/components/responses/Thing'}
        components:
          headers:
            Id: {required: true, schema: {type: string, minLength: 2}}
            Wait: {schema: {type: integer, minimum: 1}}
          responses:
            Thing:
              headers:
                X-Id: {$ref: '#/components/headers/Id'}
                Retry-After: {$ref: '#/components/headers/Wait'}
              content:
                application/json: {schema: {$ref: '#/components/schemas/Thing'}}
            Bad:
              content:
                application/json: {schema: {required: [error]}}
            UnknownPath: {content: {application/json: {schema: {required: [error]}}}}
            WrongMethod: {content: {application/json: {schema: {required: [error]}}}}
          schemas:
            Thing:
              type: object
              additionalProperties: false
              required: [id]
              properties: {id: {type: string}}

        """

    private let validator: ResponseValidator

    init() throws { validator = ResponseValidator(try OpenAPIDocument(name: "sample.yaml", yaml: Self.yaml)) }

    /// What the validator says of a response; empty when it fits.
    private func problems(
        _ method: String, _ target: String, _ status: Int, _ body: String = #"{"id":"a"}"#,
        headers: [(name: String, value: String)]? = [("X-Id", "ab")], contentType: String = "application/json"
    ) -> [String] {
        do throws(ResponseValidator.Mismatch) {
            try validator.check(
                method, target, status: status, headers: headers, contentType: contentType, body: [UInt8](body.utf8))
            return []
        } catch {
            return error.problems
        }
    }

    @Test("a response as described passes, by template and by path, with a query and in any case of a Reservation path")
    func goodResponses() {
        #expect(problems("POST", "/v1/things", 201).isEmpty)
        #expect(problems("GET", "/v1/things/{id}", 200).isEmpty)
        #expect(problems("GET", "/v1/things/a%2Fb?x=/y", 200).isEmpty)
        #expect(problems("GET", "/v1/things/first", 204, "").isEmpty)
        #expect(problems("GET", "/api/V1/lock/x/STATE", 503).isEmpty)
        #expect(problems("POST", "/v1/things", 201, headers: [("x-id", "ab"), ("retry-after", "3")]).isEmpty)
        #expect(problems("POST", "/v1/things", 201, headers: nil).isEmpty)
        #expect(problems("POST", "/v1/things", 201, contentType: "application/json; charset=utf-8").isEmpty)
    }

    @Test("a body that does not fit is named with the path to the misfit")
    func badBodies() {
        #expect(problems("POST", "/v1/things", 201, #"{"id":1}"#) == ["body.id: must be string, is 1"])
        #expect(
            problems("POST", "/v1/things", 201, #"{"id":"a","secret":"s"}"#) == ["body.secret: is not described"])
        #expect(problems("POST", "/v1/things", 201, "{}") == ["body: lacks id"])
        #expect(problems("POST", "/v1/things", 201, "").count == 1)
        #expect(problems("POST", "/v1/things", 201, #"{"id":"a","id":"b"}"#).count == 1)
        #expect(problems("GET", "/v1/things/first", 204, "{}") == ["body: must be empty"])
        #expect(problems("POST", "/v1/things", 201, contentType: "text/html").count == 1)
    }

    @Test("an operation or status that is not described is a mismatch; unknown paths and methods have one answer each")
    func undescribed() {
        #expect(
            problems("POST", "/v1/things", 409) == ["the status 409 is not described for POST /v1/things"])
        #expect(problems("GET", "/v1/nothing", 200) == ["the path is not described"])
        #expect(problems("GET", "/v1/THINGS/a", 200) == ["the path is not described"])
        #expect(problems("PUT", "/v1/things/a", 200) == ["the method is not described for /v1/things/{id}"])
        #expect(problems("GET", "/v1/nothing", 404, #"{"error":"x"}"#, headers: nil).isEmpty)
        #expect(problems("GET", "/v1/nothing", 404, "{}", headers: nil) == ["body: lacks error"])
        #expect(problems("PUT", "/v1/things/a", 405, #"{"error":"x"}"#, headers: nil).isEmpty)
        // The literal segment is nearer than the parameter.
        #expect(problems("GET", "/v1/things/first", 200).count == 1)
    }

    @Test("a header that is missing, malformed or not described is a mismatch")
    func badHeaders() {
        #expect(problems("POST", "/v1/things", 201, headers: []) == ["header X-Id: is missing"])
        #expect(problems("POST", "/v1/things", 201, headers: [("X-Id", "a")]).count == 1)
        #expect(
            problems("POST", "/v1/things", 201, headers: [("X-Id", "ab"), ("Retry-After", "soon")]) == [
                #"header Retry-After: must be integer, is "soon""#
            ])
        #expect(
            problems("POST", "/v1/things", 201, headers: [("X-Id", "ab"), ("X-Admin-API-Key", "k")]) == [
                "header X-Admin-API-Key: is not described"
            ])
    }

    @Test("what it throws names the request, the document and the body")
    func description() {
        let mismatch = #expect(throws: ResponseValidator.Mismatch.self) {
            try validator.check("POST", "/v1/things", status: 201, headers: nil, body: [UInt8](#"{"id":1}"#.utf8))
        }
        #expect(
            mismatch?.description == """
                the response to POST /v1/things, 201, is not as sample.yaml describes it:
                  body.id: must be string, is 1
                {"id":1}
                """)
    }
}

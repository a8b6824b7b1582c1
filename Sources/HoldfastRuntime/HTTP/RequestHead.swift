// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPAPI
internal import HTTPTypes
internal import NIOHTTP1
internal import NIOHTTPTypesHTTP1
internal import SharedKernel

/// What a connection has to know about a request before its body arrives.
struct RequestHead {
    /// The request as endpoints see it, still without a body. HEAD is asked as GET.
    let request: APIRequest
    /// Whether the answer goes without its body.
    let isHead: Bool
    /// Whether the client would like to go on with this connection.
    let keepsAlive: Bool
    /// HTTP/1.0, where going on has to be said.
    let isOldVersion: Bool
    /// Whether the client waits for 100 before it sends the body.
    let expectsContinue: Bool
    /// Whether a path begins the request target; otherwise it is an absolute URL or an asterisk.
    let isOriginForm: Bool
    /// Why the request is refused without looking further.
    let refusal: APIError?

    init(_ head: HTTPRequestHead) {
        var scan = Scan()
        var fields = HTTPFields()
        fields.reserveCapacity(head.headers.count)
        for (name, value) in head.headers {
            if scan.note(name, value) { continue }
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        isHead = head.method == .HEAD
        let method = isHead ? .get : (try? HTTPRequest.Method(head.method))
        request = APIRequest(
            method: method ?? .options, target: head.uri, headers: fields, body: [],
            correlation: Correlation(headers: fields))
        isOldVersion = head.version == .http1_0
        // What follows an upgrade is not HTTP/1, and NIO reads no further.
        keepsAlive = head.isKeepAlive && !scan.isUpgrade && head.method != .CONNECT
        expectsContinue = scan.expectsContinue && !isOldVersion
        isOriginForm = head.uri.utf8.first == UInt8(ascii: "/")
        refusal = Self.refusal(head, scan, isKnownMethod: method != nil)
    }

    private static func refusal(_ head: HTTPRequestHead, _ scan: Scan, isKnownMethod: Bool) -> APIError? {
        if !isKnownMethod { return .invalid("method: is not a token") }
        if head.uri.utf8.count > Limits.pathBytesMax {
            return APIError(.uriTooLong, "INVALID_REQUEST", "path: is longer than \(Limits.pathBytesMax) bytes")
        }
        // RFC 9112 section 3.2: a proxy in front might have read another host than we do.
        if scan.hosts > 1 || (scan.hosts == 0 && head.version != .http1_0) {
            return .invalid("Host: must be sent once")
        }
        if scan.contentLength > Limits.bodyBytesMax { return .bodyTooLong }
        return nil
    }

    /// The header fields that concern the connection.
    private struct Scan {
        var hosts = 0
        var contentLength = 0
        var expectsContinue = false
        var isUpgrade = false

        /// Takes note of a field; true for the one that endpoints do not get.
        mutating func note(_ name: String, _ value: String) -> Bool {
            switch name.utf8.count {
            case 4 where Self.equal(name, "host"):
                hosts += 1
                return hosts == 1
            case 6 where Self.equal(name, "expect"):
                expectsContinue = Self.equal(value, "100-continue")
            case 7 where Self.equal(name, "upgrade"):
                isUpgrade = true
            case 14 where Self.equal(name, "content-length"):
                contentLength = Int(value) ?? .max
            default: break
            }
            return false
        }

        /// Whether a text is this one, which is in lower case, letters compared without case.
        private static func equal(_ text: String, _ lower: StaticString) -> Bool {
            lower.withUTF8Buffer { lower in
                text.utf8.elementsEqual(lower) { $0 == $1 || (65...90).contains($0) && $0 | 32 == $1 }
            }
        }
    }
}

extension APIError {
    /// 413.
    static let bodyTooLong = APIError(
        .contentTooLarge, "INVALID_REQUEST", "the body is longer than \(Limits.bodyBytesMax) bytes")
    /// 503 while the bodies on their way in take all the memory they may.
    static let tooManyBodies = APIError(
        .serviceUnavailable, "INTERNAL_ERROR", "too many request bodies at once: retry", headers: [.retryAfter: "1"])
    /// 431.
    static let headTooLong = APIError(
        .requestHeaderFieldsTooLarge, "INVALID_REQUEST", "the header fields are too many or too long")
    /// 408.
    static let tooSlow = APIError(.requestTimeout, "INVALID_REQUEST", "the request took too long to arrive")
    /// 400 for what is not HTTP.
    static let notHTTP = APIError.invalid("the request is not valid HTTP/1.1")
}

extension RequestHead {
    /// Stands for a request of which nothing could be read.
    static var unread: APIRequest {
        APIRequest(method: .get, target: "/", headers: [:], body: [], correlation: Correlation(headers: [:]))
    }
}

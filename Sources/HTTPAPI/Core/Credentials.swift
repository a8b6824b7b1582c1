// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import SharedKernel

extension APIRequest {
    /// The tenant key, from either header, or as a bearer token where neither is sent; nil when there is none, or the
    /// two differ.
    package var tenantKey: [UInt8]? {
        let cycles = headers[.cyclesAPIKey]
        let plain = headers[.apiKey]
        guard let key = cycles ?? plain ?? bearerToken, !key.isEmpty, key.utf8.count <= Limits.apiKeyBytesMax else {
            return nil
        }
        if let cycles, let plain, !cycles.utf8.elementsEqual(plain.utf8) { return nil }
        return [UInt8](key.utf8)
    }

    /// What `Authorization: Bearer` says (decision X4).
    private var bearerToken: String? {
        guard let header = headers[.authorization], let space = header.utf8.firstIndex(of: 32) else { return nil }
        guard header[..<space].lowercased() == "bearer" else { return nil }
        return String(header[space...].drop { $0 == " " })
    }

    /// Whether an operation that tenants and the operator may use counts this request as the operator's. With both keys
    /// sent it is the operator's on the admin plane (admin digest 0.2), else the tenant's (runtime digest 10.4).
    func comesFromOperator(on surface: Surface) -> Bool {
        guard let header = headers[.adminAPIKey], !header.allSatisfy(\.isWhitespace) else { return false }
        return surface == .admin || (headers[.cyclesAPIKey] == nil && headers[.apiKey] == nil)
    }
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// What follows once a tenant is closed (admin digest 1.11): what it still has is ended step by step. The request that
/// closes it makes the first steps, and for a tenant of usual size all of them; a worker makes the others.
enum CloseTenant {
    /// Ids for the events of what is closed with the tenant, which may be written after the request is over.
    static func context(of tenant: StoredTenant, _ request: APIRequest) -> [UInt8] {
        EventContext.json(request, .admin, correlationID: correlationID(of: tenant, request))
    }

    /// What the closing's entries and events have in common (admin digest 4.4).
    static func correlationID(of tenant: StoredTenant, _ request: APIRequest) -> [UInt8] {
        [UInt8]("tenant_close_cascade:".utf8) + tenant.id + [UInt8(ascii: ":")] + request.correlation.requestID
    }

    /// Makes steps, then answers with the tenant; says in headers when there is more to do.
    static func drive(_ tenant: StoredTenant, _ input: Endpoint.Input) -> Step {
        step(tenant, input, stepsLeft: Limits.closeStepsPerRequest, failed: [])
    }

    private static func step(
        _ tenant: StoredTenant, _ input: Endpoint.Input, stepsLeft: Int, failed: [[UInt8]]
    ) -> Step {
        let installation = input.installation
        let close = CloseStep(keys: installation.keyspace.keys(of: tenant.tenant), keepMs: installation.keepMs)
        return .call(close.call) { reply throws(ScriptFault) in
            let progress = try close.progress(reply)
            let failed = failed + progress.failed
            if progress.hasMore, stepsLeft > 1 {
                return step(tenant, input, stepsLeft: stepsLeft - 1, failed: failed)
            }
            if !failed.isEmpty { return .refuse(incomplete(failed)) }
            let headers: HTTPFields = progress.hasMore ? [.cascadeStatus: "in_progress", .retryAfter: "1"] : [:]
            return .respond(.json(tenant.body, headers: headers))
        }
    }

    /// 500 when something is corrupt: the tenant is closed, and the worker tries what is left again.
    private static func incomplete(_ failed: [[UInt8]]) -> APIError {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("failed_resources")
        writer.beginArray()
        for id in failed.prefix(Limits.failedResourcesShown) { writer.string(id) }
        writer.endArray()
        writer.endObject()
        return APIError(
            .internalServerError, "INTERNAL_ERROR",
            "the tenant is closed, but \(failed.count) of its records are corrupt and were left as they are",
            details: writer.finish())
    }
}

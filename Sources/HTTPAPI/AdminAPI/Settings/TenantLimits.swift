// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import StrictJSON

extension TenantSetting {
    /// Quotas of the Reservation API: unlimited where absent or null.
    static let limits = TenantSetting(
        path: "limits", field: "limits", reading: "getTenantLimits", replacing: "setTenantLimits", empty: "{}"
    ) { body in
        var fields = try JSONFields(body, nullIsAbsent: true)
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        for name in ["operations_per_minute", "operations_per_day", "concurrent_reservations", "event_streams"]
            as [StaticString]
        {
            guard let value = try fields.optionalInt64(name, in: 0...Int64.max) else { continue }
            writer.key(name)
            writer.int(value)
        }
        try fields.finish()
        writer.endObject()
        return writer.finish()
    }
}

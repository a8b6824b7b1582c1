// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What `holdfast dev` prints once everything runs.
struct DevBanner {
    let port: Int
    let tenant: DemoTenant
    let adminKey: String
    let directory: String
    /// What this program was started as.
    var program = CommandLine.arguments.first ?? "holdfast"

    /// Where to reach it, the keys, and commands to paste.
    var text: String {
        """
        Holdfast runs at \(base)

          tenant     \(DemoTenant.id)
          API key    \(tenant.apiKey)
          admin key  \(adminKey)
          logs       \(directory)/holdfast-server.log, holdfast-worker.log, redis.log

        Reserve a resource for ten minutes:
        \(reserveResource)

        Ask who holds it:
        \(checkResource)

        Reserve five cents of the tenant's budget:
        \(reserveBudget)

        See what is left:
        \(balances)

        Manage tenants, keys, budgets and policies:
        \(manage)

        Ctrl-C ends everything and keeps nothing.
        """
    }

    private var base: String { "http://127.0.0.1:\(port)" }

    private var reserveResource: String {
        curl("/api/v1/Reservation/reserve", "X-Api-Key")
            + #" -H 'Content-Type: application/json' -d '[{"requester":"me","resource":"printer","ttlSeconds":600}]'"#
    }

    private var checkResource: String { curl("/api/v1/Reservation/check/printer", "X-Api-Key") }

    private var reserveBudget: String {
        curl("/v1/reservations", "X-Cycles-API-Key")
            + #" -H 'Content-Type: application/json' -d '{"idempotency_key":"first","#
            + #""subject":{"tenant":"\#(DemoTenant.id)"},"action":{"kind":"llm.completion","name":"demo"},"#
            + #""estimate":{"unit":"USD_MICROCENTS","amount":5000000}}'"#
    }

    private var balances: String { curl("/v1/balances?tenant=\(DemoTenant.id)", "X-Cycles-API-Key") }

    private var manage: String {
        "HOLDFAST_URL='\(base)' HOLDFAST_ADMIN_API_KEY='\(adminKey)' '\(program)' budget list"
    }

    private func curl(_ path: String, _ header: String) -> String {
        "curl -sS '\(base)\(path)' -H '\(header): \(tenant.apiKey)'"
    }
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import SharedKernel

/// `GET …/webhooks/{subscription_id}` on both planes (admin digest 1.6, 1.7).
enum GetSubscription {
    static func endpoint(on plane: WebhookPlane, _ name: StaticString) -> Endpoint {
        Endpoint(
            name.description, .get, plane.path + "/{subscription_id}", surface: .admin,
            access: plane.access(.webhooksRead)
        ) { input in
            FoundSubscription.load(input, on: plane) { found in
                var response = APIResponse.json(found.record.body)
                response.readOnBehalfOf = found.owner.readOnBehalfOf
                return .respond(response)
            }
        }
    }
}

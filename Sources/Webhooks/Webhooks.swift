// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Subscriptions to events and their deliveries: what they are, which events they want, how deliveries are signed.
package enum Webhooks {}

"""The checks of scripts/interop about webhooks, run where the published library `standardwebhooks` is installed: it
verifies what an endpoint got, with the secret that the endpoint was given."""
import hashlib
import hmac
import http.server
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid

import standardwebhooks

URL, KEY, TENANT = (os.environ[name] for name in ("INTEROP_URL", "INTEROP_KEY", "INTEROP_TENANT"))
SECONDS = 60


class Endpoint(http.server.BaseHTTPRequestHandler):
    """Keeps headers and body of every request, and says yes."""

    got = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Endpoint.got.append((dict(self.headers.items()), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def ask(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        URL + path, method=method, data=data, headers={"X-Cycles-API-Key": KEY, "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


def event():
    """Makes an event; what the endpoint got of it."""
    before = len(Endpoint.got)
    ask("POST", f"/v1/admin/budgets/fund?scope=tenant:{TENANT}&unit=USD_MICROCENTS", {
        "operation": "CREDIT", "amount": {"unit": "USD_MICROCENTS", "amount": 1}, "idempotency_key": str(uuid.uuid4())})
    deadline = time.monotonic() + SECONDS
    while len(Endpoint.got) == before:
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.05)
    return Endpoint.got[before]


def verified(secret, headers, body):
    """Whether the library accepts the request; it gives the body that it verified."""
    try:
        return standardwebhooks.Webhook(secret).verify(body, headers) == json.loads(body)
    except standardwebhooks.WebhookVerificationError:
        return False


def own(secret, headers, body):
    """Whether the protocol's own signature is right, by the standard library alone."""
    return headers["X-Cycles-Signature"] == "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made = ask("POST", "/v1/webhooks", {
        "url": f"http://127.0.0.1:{server.server_address[1]}/", "event_types": ["budget.funded"]})
    first, subscription = made["signing_secret"], made["subscription"]["subscription_id"]
    second = "whsec_" + "QUJD" * 8 + "RA=="
    results = []

    def check(title, holds):
        results.append(bool(holds))
        print(f"{'ok    ' if holds else 'FAILED'}  {title}", flush=True)

    got = event()
    check("a generated secret verifies a delivery", verified(first, *got) and own(first, *got))
    check("another secret does not", not verified(second, *got) and not own(second, *got))
    headers, body = got
    check("a changed body does not verify", not verified(first, headers, body.replace(b"budget", b"bodget")))
    check("another id does not verify", not verified(first, {**headers, "webhook-id": "evt_1"}, body))
    ask("PATCH", f"/v1/webhooks/{subscription}", {"signing_secret": second})
    got = event()
    check("after a change the new secret verifies", verified(second, *got) and own(second, *got))
    check("for a while the one before does, too", verified(first, *got))
    print(f"{sum(results)} of {len(results)} checks of webhooks passed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())

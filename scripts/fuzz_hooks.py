"""What scripts/fuzz-api tells schemathesis: without it nearly every request would be 403 or 404."""
import json
import os
import random
import urllib.request

import schemathesis

URL, KEY, TENANT = (os.environ[name] for name in ("FUZZ_URL", "FUZZ_KEY", "FUZZ_TENANT"))
RANDOM = random.Random(int(os.environ["FUZZ_SEED"]))


def reserve(number):
    """Makes a reservation; its id."""
    body = {
        "idempotency_key": f"fuzz-{number}", "subject": {"tenant": TENANT}, "ttl_ms": 3_600_000,
        "action": {"kind": "fuzz", "name": "fuzz"}, "estimate": {"unit": "TOKENS", "amount": 10}}
    request = urllib.request.Request(
        URL + "/v1/reservations", data=json.dumps(body).encode(),
        headers={"X-Cycles-API-Key": KEY, "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["reservation_id"]


IDS = [reserve(number) for number in range(200)]


@schemathesis.hook
def map_body(context, body):
    """Mostly our own tenant."""
    if isinstance(body, dict) and isinstance(body.get("subject"), dict) and RANDOM.random() < 0.8:
        body["subject"]["tenant"] = TENANT
    return body


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Mostly a reservation that is there."""
    if path_parameters and "reservation_id" in path_parameters and RANDOM.random() < 0.7:
        path_parameters["reservation_id"] = RANDOM.choice(IDS)
    return path_parameters


@schemathesis.hook
def map_query(context, query):
    """Mostly our own tenant, where one is named."""
    if query and "tenant" in query and RANDOM.random() < 0.8:
        query["tenant"] = TENANT
    return query


@schemathesis.hook
def map_case(context, case):
    """Mostly no idempotency header: one that is not the body's key is 400, and there the request would end."""
    if case.headers and RANDOM.random() < 0.9:
        case.headers.pop("X-Idempotency-Key", None)
    return case

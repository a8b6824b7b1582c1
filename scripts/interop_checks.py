"""The checks of scripts/interop, run where the client is installed. Each has budgets of its own, by agent."""
import asyncio
import logging
import os
import sys
import time
import traceback
import uuid

import runcycles
from runcycles import Action, Amount, CyclesClient, Subject, Unit

URL, KEY, TENANT = (os.environ[name] for name in ("INTEROP_URL", "INTEROP_KEY", "INTEROP_TENANT"))
ACTION = Action(kind="llm.completion", name="gpt-4o")
CHECKS = []


def check(title):
    """Registers a check under the sentence that the report shows."""
    def register(function):
        CHECKS.append((title, function))
        return function
    return register


def config(agent=None, **more):
    return runcycles.CyclesConfig(
        base_url=URL, api_key=KEY, tenant=TENANT, agent=agent, journal_enabled=False, retry_enabled=False, **more)


CLIENT = CyclesClient(config())


def subject(agent):
    return Subject(tenant=TENANT, agent=agent)


def usd(amount):
    return Amount(unit=Unit.USD_MICROCENTS, amount=amount)


def key():
    return str(uuid.uuid4())


def reserve(agent, amount, expect=200, **more):
    more.setdefault("idempotency_key", key())
    request = runcycles.ReservationCreateRequest(
        subject=subject(agent), action=ACTION, estimate=usd(amount), **more)
    return expected(CLIENT.create_reservation(request), expect)


def commit(reservation_id, amount, expect=200, **more):
    more.setdefault("idempotency_key", key())
    request = runcycles.CommitRequest(actual=usd(amount), **more)
    return expected(CLIENT.commit_reservation(reservation_id, request), expect)


def event(agent, amount, expect=201, **more):
    more.setdefault("idempotency_key", key())
    request = runcycles.EventCreateRequest(subject=subject(agent), action=ACTION, actual=usd(amount), **more)
    return expected(CLIENT.create_event(request), expect)


def expected(response, status):
    assert response.status == status, f"{response.status} instead of {status}: {response.error_message} {response.body}"
    assert response.request_id, "no X-Request-Id"
    return response


def code(response):
    # Not from get_error_response(): up to runcycles 0.5.3 its model is closed and knows no trace_id, which the protocol
    # demands of every error body, so there it is always None.
    return runcycles.ErrorCode(response.get_body_attribute("error")).value


def ledger(agent):
    """spent, reserved, debt and remaining of an agent's budget, and whether it is over its limit."""
    body = expected(CLIENT.get_balances(tenant=TENANT, agent=agent), 200).body
    rows = runcycles.BalanceResponse.model_validate(body).balances
    row = next(row for row in rows if row.scope == f"tenant:{TENANT}/agent:{agent}")
    return (row.spent.amount, row.reserved.amount, row.debt.amount, row.remaining.amount, bool(row.is_over_limit))


def same(got, wanted):
    assert got == wanted, f"{got!r} instead of {wanted!r}"


def raises(kind, function, **attributes):
    """Expects exactly this error type, with these attributes."""
    try:
        function()
    except runcycles.CyclesProtocolError as error:
        assert type(error) is kind, f"{type(error).__name__} instead of {kind.__name__}: {error}"
        for name, value in attributes.items():
            same(getattr(error, name), value)
        return error
    raise AssertionError(f"no {kind.__name__}")


@check("reserve, commit, replay and get")
def settle():
    request_key = key()
    first = reserve("plain", 500, idempotency_key=request_key, ttl_ms=30_000, metadata={"run": 1})
    made = runcycles.ReservationCreateResponse.model_validate(first.body)
    assert made.is_allowed() and 0 < made.remaining_ttl_ms <= 30_000, first.body
    same(made.affected_scopes, [f"tenant:{TENANT}", f"tenant:{TENANT}/agent:plain"])
    same(first.cycles_tenant, TENANT)
    again = reserve("plain", 500, idempotency_key=request_key, ttl_ms=30_000, metadata={"run": 1})
    same(again.body["reservation_id"], made.reservation_id)
    same(code(reserve("plain", 501, 409, idempotency_key=request_key)), "IDEMPOTENCY_MISMATCH")
    same(ledger("plain"), (0, 500, 0, 500, False))
    metrics = runcycles.CyclesMetrics(tokens_input=12, tokens_output=8, model_version="m", custom={"a": 1})
    done = runcycles.CommitResponse.model_validate(
        commit(made.reservation_id, 420, metrics=metrics, metadata={"ok": True}).body)
    same((done.charged.amount, done.released.amount), (420, 80))
    same(code(commit(made.reservation_id, 420, 409)), "RESERVATION_FINALIZED")
    same(ledger("plain"), (420, 0, 0, 580, False))
    detail = expected(CLIENT.get_reservation(made.reservation_id), 200).body
    # Taken out because the client's closed model, up to 0.5.3, does not know it.
    same(detail.pop("committed_metadata"), {"ok": True})
    detail = runcycles.ReservationDetail.model_validate(detail)
    assert detail.is_committed() and detail.committed.amount == 420 and detail.metadata == {"run": 1}, detail


@check("release gives everything back; an unknown reservation is 404")
def release():
    before = ledger("plain")
    reservation_id = reserve("plain", 100).body["reservation_id"]
    request = runcycles.ReleaseRequest(idempotency_key=key(), reason="changed my mind")
    response = expected(CLIENT.release_reservation(reservation_id, request), 200)
    same(runcycles.ReleaseResponse.model_validate(response.body).released.amount, 100)
    same(ledger("plain"), before)
    same(code(commit("unknown", 1, 404)), "NOT_FOUND")


@check("extend moves the expiry on from the old one, once for each key")
def extend():
    made = reserve("plain", 1, ttl_ms=10_000).body
    request = runcycles.ReservationExtendRequest(idempotency_key=key(), extend_by_ms=5_000)
    for _ in range(2):
        response = expected(CLIENT.extend_reservation(made["reservation_id"], request), 200)
        extension = runcycles.ReservationExtendResponse.model_validate(response.body)
        same(extension.expires_at_ms, made["expires_at_ms"] + 5_000)
    commit(made["reservation_id"], 0)


@check("decide allows and denies, and a dry run does not reserve")
def decide():
    before = ledger("plain")
    for amount, decision, reason in [(1, "ALLOW", None), (10_000, "DENY", "BUDGET_EXCEEDED")]:
        request = runcycles.DecisionRequest(
            idempotency_key=key(), subject=subject("plain"), action=ACTION, estimate=usd(amount))
        answer = runcycles.DecisionResponse.model_validate(expected(CLIENT.decide(request), 200).body)
        same((answer.decision.value, answer.reason_code), (decision, reason))
        dry = runcycles.ReservationCreateResponse.model_validate(reserve("plain", amount, dry_run=True).body)
        same((dry.decision.value, dry.reason_code, dry.reservation_id), (decision, reason, None))
    same(ledger("plain"), before)


@check("balances page by page, lists filtered and sorted")
def reading():
    cursor, scopes = None, []
    while True:
        more = {"cursor": cursor} if cursor else {}
        body = expected(CLIENT.get_balances(tenant=TENANT, limit="2", **more), 200).body
        page = runcycles.BalanceResponse.model_validate(body)
        scopes += [row.scope for row in page.balances]
        cursor = page.next_cursor
        if not page.has_more:
            break
    assert len(scopes) == len(set(scopes)) >= 10 and scopes == sorted(scopes), scopes
    for amount in (3, 1, 2):
        reserve("poor", amount)
    response = expected(
        CLIENT.list_reservations(agent="poor", status="ACTIVE", sort_by="reserved", sort_dir="asc", limit="2"), 200)
    page = runcycles.ReservationListResponse.model_validate(response.body)
    same([row.reserved.amount for row in page.reservations], [1, 2])
    response = expected(
        CLIENT.list_reservations(
            agent="poor", status="ACTIVE", sort_by="reserved", sort_dir="asc", limit="2", cursor=page.next_cursor), 200)
    page = runcycles.ReservationListResponse.model_validate(response.body)
    same(([row.reserved.amount for row in page.reservations], page.has_more), ([3], False))
    for row in CLIENT.list_reservations(agent="poor", status="ACTIVE").body["reservations"]:
        commit(row["reservation_id"], 0)


@check("events are booked once, and capped where too little remains")
def events():
    request_key = key()
    for _ in range(2):
        body = event("events", 300, idempotency_key=request_key, client_time_ms=1).body
        applied = runcycles.EventCreateResponse.model_validate(body)
        assert applied.status.value == "APPLIED" and applied.event_id and applied.charged is None, body
    same(ledger("events"), (300, 0, 0, 700, False))
    same(code(event("events", 701, 409, overage_policy="REJECT")), "BUDGET_EXCEEDED")
    capped = runcycles.EventCreateResponse.model_validate(event("events", 1_000).body)
    same(capped.charged.amount, 700)
    same(ledger("events"), (1_000, 0, 0, 0, True))


@check("the decorator reserves, commits what was used, and gives back when the function fails")
def decorator():
    @runcycles.cycles(
        estimate=lambda prompt, tokens: tokens * 10, actual=lambda result: len(result) * 5,
        action_kind="llm.completion", action_name="gpt-4", agent="dec", client=CLIENT)
    def call(prompt, tokens):
        context = runcycles.get_cycles_context()
        assert context.reservation_id and not context.has_caps()
        context.metrics = runcycles.CyclesMetrics(tokens_input=tokens)
        same(ledger("dec")[1], 1_000)
        if prompt == "fail":
            raise ValueError("as asked")
        return f"answer to {prompt}"

    same(call("hello", tokens=100), "answer to hello")
    same(ledger("dec"), (len("answer to hello") * 5, 0, 0, 1_000_000 - len("answer to hello") * 5, False))
    before = ledger("dec")
    try:
        call("fail", tokens=100)
    except ValueError:
        same(ledger("dec"), before)
    else:
        raise AssertionError("the function's own error was lost")


@check("streaming reserves at the beginning and settles at the end, or gives back when it breaks off")
def streaming():
    def stream():
        return CyclesClient(config("stream")).stream_reservation(
            action=ACTION, estimate=usd(100_000), cost_fn=lambda u: u.tokens_input * 250 + u.tokens_output * 1_000,
            raise_on_commit_failure=True)

    with stream() as reservation:
        same(ledger("stream")[1], 100_000)
        reservation.usage.add_input_tokens(10)
        reservation.usage.add_output_tokens(20)
    same(ledger("stream"), (22_500, 0, 0, 977_500, False))
    try:
        with stream() as reservation:
            raise KeyError("broken off")
    except KeyError:
        pass
    same(ledger("stream"), (22_500, 0, 0, 977_500, False))


@check("the heartbeat keeps a reservation alive beyond its first expiry")
def heartbeat():
    client = CyclesClient(config("beat", connect_timeout=0.3, read_timeout=0.7))
    with client.stream_reservation(
            action=ACTION, estimate=usd(10), ttl_ms=4_000, grace_period_ms=0, raise_on_commit_failure=True) as stream:
        first = CLIENT.get_reservation(stream.reservation_id).body["expires_at_ms"]
        deadline = time.monotonic() + 20
        while CLIENT.get_reservation(stream.reservation_id).body["expires_at_ms"] == first:
            assert time.monotonic() < deadline, "no heartbeat came"
            time.sleep(0.1)
        while time.time() * 1_000 < first + 200:
            time.sleep(0.1)
        same(CLIENT.get_reservation(stream.reservation_id).body["status"], "ACTIVE")
    same(ledger("beat"), (10, 0, 0, 990, False))


@check("the asynchronous client: calls, decorator, streaming")
def asynchronous():
    async def run():
        async with runcycles.AsyncCyclesClient(config("async")) as client:
            request = runcycles.ReservationCreateRequest(
                idempotency_key=key(), subject=subject("async"), action=ACTION, estimate=usd(100))
            made = expected(await client.create_reservation(request), 200)
            done = await client.commit_reservation(
                made.body["reservation_id"], runcycles.CommitRequest(idempotency_key=key(), actual=usd(70)))
            same(expected(done, 200).body["charged"]["amount"], 70)

            @runcycles.cycles(estimate=1_000, client=client)
            async def call(prompt):
                return prompt

            same(await call("x"), "x")
            async with client.stream_reservation(
                    action=ACTION, estimate=usd(500), raise_on_commit_failure=True) as stream:
                stream.usage.set_actual_cost(400)

    asyncio.run(run())
    same(ledger("async"), (70 + 1_000 + 400, 0, 0, 998_530, False))


def guarded(agent, estimate):
    @runcycles.cycles(estimate=estimate, agent=agent, client=CLIENT)
    def call():
        raise AssertionError("ran without a reservation")
    return call


@check("BudgetExceededError: too little remains")
def budget_exceeded():
    error = raises(runcycles.BudgetExceededError, guarded("poor", 101), status=409, error_code="BUDGET_EXCEEDED")
    assert error.is_budget_exceeded() and not error.is_retryable(), vars(error)


@check("DebtOutstandingError: a commit went into debt")
def debt():
    reservation_id = reserve("lent", 50, overage_policy="ALLOW_WITH_OVERDRAFT").body["reservation_id"]
    done = commit(reservation_id, 150)
    same(done.body["charged"]["amount"], 150)
    same(ledger("lent"), (50, 0, 100, -50, False))
    raises(runcycles.DebtOutstandingError, guarded("lent", 0), status=409, error_code="DEBT_OUTSTANDING")


@check("OverdraftLimitExceededError: a capped charge left the scope over its limit")
def over_limit():
    capped = commit(reserve("over", 90).body["reservation_id"], 300)
    same(capped.body["charged"]["amount"], 100)
    same(ledger("over"), (100, 0, 0, 0, True))
    raises(
        runcycles.OverdraftLimitExceededError, guarded("over", 1), status=409,
        error_code="OVERDRAFT_LIMIT_EXCEEDED")


@check("other refusals: wrong unit, foreign tenant, no budget, bad key, expired reservation")
def refusals():
    def request(**more):
        return runcycles.ReservationCreateRequest(
            **{"idempotency_key": key(), "subject": subject("plain"), "action": ACTION, "estimate": usd(1), **more})

    response = CLIENT.create_reservation(request(estimate=Amount(unit=Unit.TOKENS, amount=1)))
    same((expected(response, 400), code(response))[1], "UNIT_MISMATCH")
    same(code(expected(CLIENT.create_reservation(request(subject=Subject(tenant="other"))), 403)), "FORBIDDEN")
    same(code(expected(CLIENT.create_reservation(request(subject=Subject(agent="nobody"))), 404)), "NOT_FOUND")
    stranger = CyclesClient(runcycles.CyclesConfig(base_url=URL, api_key="cyc_live_unknown", tenant=TENANT))
    same(code(expected(stranger.create_reservation(request()), 401)), "UNAUTHORIZED")
    made = reserve("plain", 1, ttl_ms=1_000, grace_period_ms=0).body
    deadline = time.monotonic() + 20
    while CLIENT.get_reservation(made["reservation_id"]).status != 410:
        assert time.monotonic() < deadline, "it never expired"
        time.sleep(0.1)
    late_key = key()
    same(code(commit(made["reservation_id"], 1, 410, idempotency_key=late_key)), "RESERVATION_EXPIRED")
    event("plain", 1, idempotency_key=late_key)


def main():
    # What the client logs of failures that are wanted here is no part of the report.
    logging.disable(logging.CRITICAL)
    failures = 0
    for title, function in CHECKS:
        begin = time.monotonic()
        try:
            function()
            print(f"ok      {title} ({time.monotonic() - begin:.1f} s)", flush=True)
        except Exception as error:
            failures += 1
            frame = next(
                (frame for frame in reversed(traceback.extract_tb(error.__traceback__)) if frame.filename == __file__))
            print(f"FAILED  {title}\n        line {frame.lineno}: {type(error).__name__}: {error}", flush=True)
    print(f"{len(CHECKS) - failures} of {len(CHECKS)} checks passed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

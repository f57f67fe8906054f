"""Who may ask, how often, and how soon the answer goes out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from convarchive.sandbox import Sandbox

LIST = "/v1/conversations"


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer"}]
)
def test_no_key(shared: Sandbox, headers: dict[str, str]) -> None:
    """Without a bearer key: 401, the first documented shape."""
    answer = httpx.get(shared.base_url + LIST, headers=headers)
    assert answer.status_code == 401
    error = answer.json()["error"]
    assert (set(error), error["code"]) == ({"type", "message", "code"}, "missing_api_key")


def test_wrong_key(shared: Sandbox) -> None:
    """A key that is not one of ours: 401, the second documented shape."""
    answer = httpx.get(shared.base_url + LIST, headers=_bearer("sk_live_abc"))
    assert answer.status_code == 401
    assert answer.json()["error"] == {
        "code": "AUTH_005",
        "message": "API key invalid or revoked",
        "details": {},
    }


def test_any_test_key(shared: Sandbox) -> None:
    """Every key that begins with sk_test_ is good unless keys were named."""
    assert shared.key.startswith("sk_test_")
    assert httpx.get(shared.base_url + LIST, headers=_bearer("sk_test_x")).status_code == 200


def test_named_keys(data: Path) -> None:
    """Where keys are named, others are refused, whatever they begin with."""
    with Sandbox(data=data, keys=["sk_test_mine"]) as sandbox:
        assert sandbox.key == "sk_test_mine"
        url = sandbox.base_url + LIST
        assert httpx.get(url, headers=_bearer("sk_test_mine")).status_code == 200
        assert httpx.get(url, headers=_bearer("sk_test_other")).status_code == 401


def test_scope(data: Path) -> None:
    """A key without the scope conversations:read: 403, and it is not the sandbox's own key."""
    keys: dict[str, Any] = {"sk_test_no": ["agents:read"], "sk_test_yes": ["conversations:read"]}
    with Sandbox(data=data, keys=keys) as sandbox:
        assert sandbox.key == "sk_test_yes"
        answer = httpx.get(sandbox.base_url + LIST, headers=_bearer("sk_test_no"))
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "insufficient_scope")


def test_budget_is_told_on_every_answer(client: httpx.Client) -> None:
    """Good answers and bad ones carry limit, remaining and reset."""
    for path, headers in ((LIST, {}), ("/v1/nothing", {}), (LIST, {"Authorization": ""})):
        told = client.get(path, headers=headers).headers
        assert int(told["X-RateLimit-Limit"]) == 100_000
        assert int(told["X-RateLimit-Remaining"]) <= 100_000
        assert 0 < int(told["X-RateLimit-Reset"]) - time.time() <= 61


def test_budget_shrinks(data: Path) -> None:
    """Each request takes one; the next one too many is 429 and says when to come again."""
    with Sandbox(data=data, rate_limit=2) as sandbox:
        url, headers = sandbox.base_url + LIST, _bearer(sandbox.key)
        left = [httpx.get(url, headers=headers).headers["X-RateLimit-Remaining"] for _ in "ab"]
        refused = httpx.get(url, headers=headers)
        assert left == ["1", "0"]
        assert refused.status_code == 429
        assert refused.json()["error"]["code"] == "rate_limit_exceeded"
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert refused.headers["X-RateLimit-Remaining"] == "0"
        assert (sandbox.rate_limited, sandbox.requests["list"]) == (1, 2)


def test_budget_of_each_key(data: Path) -> None:
    """Two keys have two budgets."""
    with Sandbox(data=data, rate_limit=1) as sandbox:
        url = sandbox.base_url + LIST
        assert httpx.get(url, headers=_bearer("sk_test_a")).status_code == 200
        assert httpx.get(url, headers=_bearer("sk_test_a")).status_code == 429
        assert httpx.get(url, headers=_bearer("sk_test_b")).status_code == 200


def test_budget_opens_again(data: Path) -> None:
    """After the window the key may ask again, and not before."""
    with Sandbox(data=data, rate_limit=1, rate_window=0.4) as sandbox:
        url, headers = sandbox.base_url + LIST, _bearer(sandbox.key)
        began = time.monotonic()
        assert httpx.get(url, headers=headers).status_code == 200
        assert httpx.get(url, headers=headers).status_code == 429
        while httpx.get(url, headers=headers).status_code == 429:
            assert time.monotonic() - began < 5
        assert time.monotonic() - began > 0.39


def test_latency(data: Path) -> None:
    """Every answer of the API is held back as long as was asked for."""
    with Sandbox(data=data, latency=0.2) as sandbox:
        began = time.monotonic()
        httpx.get(sandbox.base_url + LIST, headers=_bearer(sandbox.key))
        assert time.monotonic() - began >= 0.2


def test_requests_are_counted(sandbox: Sandbox, own_client: httpx.Client) -> None:
    """Requests are counted by kind; those without a good key are not."""
    own_client.get(LIST)
    own_client.get(f"{LIST}/conv_aaaaaaaaaaa1")
    own_client.get(f"{LIST}/conv_nosuch")
    own_client.get(f"{LIST}/conv_aaaaaaaaaaa1/transcript")
    own_client.get(LIST, headers={"Authorization": ""})
    assert sandbox.requests == {"list": 1, "detail": 2, "transcript": 1}

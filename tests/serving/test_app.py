"""The application over a real ASGI transport, without a socket; `test_server.py` has real connections."""

import asyncio
import json

import httpx
import pytest

from mlctl.domain.errors import DiskFull
from mlctl.domain.ids import is_ulid


def ask(app, method, path, **options):
    async def once():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **options)

    return asyncio.run(once())


def test_an_answer_names_its_model_and_is_in_the_log_with_its_ids(kit, row):
    answer = ask(kit.app, "POST", "/predict", json={"rows": [row, {**row, "hr": 3}]}).json()
    assert answer["predictions"] == [1039.5, 1025.5]
    assert answer["probabilities"] is None
    assert (answer["model"], answer["version"], answer["digest"]) == ("demand", 1, f"{1:064x}")
    assert all(is_ulid(one) for one in answer["ids"])
    logged = kit.journal.answered[0]
    assert list(logged.ids) == answer["ids"]
    assert logged.digest == answer["digest"]
    assert logged.stage == "production"
    assert logged.outputs == (1039.5, 1025.5)
    assert logged.columns["id"] == [7, 7]
    assert logged.columns["hr"] == [17, 3]
    assert logged.time.endswith("Z")
    assert len(logged.time) == len("2026-11-23T12:00:00.000Z")


def test_one_row_may_be_sent_bare_and_without_a_content_type(kit, row):
    answer = ask(kit.app, "POST", "/predict", content=json.dumps(row).encode())
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert len(answer.json()["predictions"]) == 1


def test_no_rows_are_answered_with_nothing_and_not_logged(kit):
    answer = ask(kit.app, "POST", "/predict", json={"rows": []}).json()
    assert answer["predictions"] == answer["ids"] == []
    assert kit.journal.answered == []


def test_a_request_id_is_echoed(kit, row):
    answer = ask(kit.app, "POST", "/predict", json=row, headers={"x-request-id": "abc-1"})
    assert answer.headers["x-request-id"] == "abc-1"
    refused = ask(kit.app, "POST", "/predict", content=b"{", headers={"x-request-id": "abc-2"})
    assert refused.headers["x-request-id"] == "abc-2"


def test_a_bad_row_is_422_and_nothing_of_the_request_is_logged(kit, row):
    answer = ask(kit.app, "POST", "/predict", json={"rows": [row, {**row, "hr": "x"}]})
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert (error["id"], error["row"], error["column"]) == ("wrong_type", 1, "hr")
    assert kit.journal.answered == []
    assert 'status="refused"} 2' in kit.metrics.text()


def test_a_body_too_large_is_413_declared_or_not(make_kit):
    kit = make_kit(max_body=100)
    kit.follower.load_first()

    async def parts():
        for _ in range(10):
            yield b" " * 50

    assert ask(kit.app, "POST", "/predict", content=b" " * 101).status_code == 413
    undeclared = ask(kit.app, "POST", "/predict", content=parts())
    assert undeclared.status_code == 413
    assert undeclared.json()["error"]["id"] == "body_too_large"


def test_a_body_in_parts_is_one_body(kit, row):
    async def parts():
        for byte in json.dumps(row).encode():
            yield bytes([byte])

    assert ask(kit.app, "POST", "/predict", content=parts()).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "id_"),
    [
        ("GET", "/predict", 405, "method_not_allowed"),
        ("POST", "/model", 405, "method_not_allowed"),
        ("GET", "/nothing", 404, "not_found"),
        ("POST", "/predict/", 404, "not_found"),
    ],
)
def test_errors_of_http_are_json_too(kit, method, path, status, id_):
    answer = ask(kit.app, method, path)
    assert answer.status_code == status
    assert answer.json()["error"]["id"] == id_


def test_a_log_that_cannot_be_written_refuses_loudly_instead_of_answering(kit, row):
    kit.journal.failure = DiskFull("the disk is full")
    answer = ask(kit.app, "POST", "/predict", json=row)
    assert answer.status_code == 503
    assert answer.json()["error"]["id"] == "log_failed"
    assert kit.events == [("log_failed", {"model": "demand", "message": "the disk is full"})]
    kit.journal.failure = None
    assert ask(kit.app, "POST", "/predict", json=row).status_code == 200


def test_a_bug_is_500_without_its_insides(kit, row):
    kit.journal.failure = RuntimeError("secret")
    answer = ask(kit.app, "POST", "/predict", json=row)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert kit.events == [("bug", {"message": "RuntimeError: secret"})]


def test_before_the_model_is_loaded_it_is_live_but_not_ready(make_kit, row):
    kit = make_kit()
    assert ask(kit.app, "GET", "/health/live").json() == {"live": True}
    assert ask(kit.app, "GET", "/health/ready").status_code == 503
    assert ask(kit.app, "GET", "/model").status_code == 503
    early = ask(kit.app, "POST", "/predict", json=row)
    assert (early.status_code, early.json()["error"]["id"]) == (503, "not_ready")
    kit.follower.load_first()
    assert ask(kit.app, "GET", "/health/ready").json() == {"ready": True, "model": "demand", "version": 1}


def test_the_model_page_says_what_is_served_and_its_example_is_accepted(kit):
    page = ask(kit.app, "GET", "/model").json()
    assert page == ask(kit.app, "GET", "/").json()
    assert (page["model"], page["version"], page["stage"], page["decision"]) == (
        "demand",
        1,
        "production",
        11,
    )
    assert [one["name"] for one in page["inputs"]][:2] == ["id", "day"]
    assert ask(kit.app, "POST", "/predict", json=page["example"]).status_code == 200


@pytest.mark.parametrize("flushes", [False, True])
def test_many_rows_are_answered_in_order_off_the_loop(make_kit, row, flushes):
    kit = make_kit(flushes=flushes, max_body=10_000_000)
    kit.follower.load_first()
    answer = ask(
        kit.app, "POST", "/predict", json={"rows": [{**row, "hr": hour} for hour in range(500)]}
    ).json()
    assert answer["predictions"] == [1022.5 + hour for hour in range(500)]
    assert len(set(answer["ids"])) == 500


def test_metrics_count_rows_unseen_categories_and_dropped_answers(kit, row):
    ask(kit.app, "POST", "/predict", json={"rows": [row, {**row, "weather": "snow"}]})
    kit.journal.dropped = 3
    page = ask(kit.app, "GET", "/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'mlctl_predictions_total{model="demand",version="1",status="ok"} 2' in page.text
    assert 'mlctl_unseen_categories_total{model="demand",column="weather"} 1' in page.text
    assert "mlctl_prediction_log_dropped_total 3" in page.text
    assert "mlctl_prediction_duration_seconds_count 1" in page.text


def test_closing_closes_the_log(kit):
    kit.app.close()
    assert kit.journal.closed

"""Real sockets: a server in a thread (uvicorn takes no signals there) or a process of its own."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from mlctl.domain.errors import NotFound, PortInUse, UsageError
from mlctl.serving import server


@contextlib.contextmanager
def serving(kit):
    """The kit's application on a free port, until the block ends."""
    bound = server.bind("127.0.0.1", 0)
    ready = threading.Event()
    running = {}

    class Remembered(server._Server):
        def __init__(self, config):
            super().__init__(config)
            running["server"] = self

    original, server._Server = server._Server, Remembered
    thread = threading.Thread(
        target=lambda: server.run(kit.app, kit.follower, bound, started=lambda _live: ready.set()),
        daemon=True,
    )
    thread.start()
    try:
        assert ready.wait(20)
        yield bound.getsockname()[1]
    finally:
        running["server"].should_exit = True
        thread.join(20)
        server._Server = original
        assert not thread.is_alive()


def ask(connection, row):
    connection.request("POST", "/predict", json.dumps(row).encode())
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_no_request_is_lost_and_none_mixes_two_models_while_the_stage_moves_a_thousand_times(make_kit, row):
    """Version n answers 1000 n + 39.5, so number, version and digest of an answer must agree."""
    kit = make_kit()
    stop = threading.Event()
    counts, wrong, versions = [], [], set()

    def client(port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        asked = 0
        while not stop.is_set():
            try:
                status, answer = ask(connection, row)
            except OSError as error:
                wrong.append(repr(error))
                return
            asked += 1
            number = answer.get("version", -1)
            versions.add(number)
            expected = (200, [1000.0 * number + 39.5], f"{number:064x}")
            if (status, answer.get("predictions"), answer.get("digest")) != expected:
                wrong.append((status, answer))
        counts.append(asked)
        connection.close()

    with serving(kit) as port:
        clients = [threading.Thread(target=client, args=(port,)) for _ in range(4)]
        for one in clients:
            one.start()
        for turn in range(1000):
            kit.pointer.number = 1 + turn % 7
            kit.follower.look()
            if turn % 20 == 0:  # let the clients be heard
                threading.Event().wait(0.005)
        stop.set()
        for one in clients:
            one.join(30)
    assert wrong == []
    assert len(counts) == 4
    assert len(versions) > 1
    assert len(kit.journal.answered) == sum(counts)
    assert kit.journal.closed


def test_a_taken_port_is_said_with_what_to_type():
    with contextlib.closing(server.bind("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse) as caught:
            server.bind("127.0.0.1", port)
    assert caught.value.facts["port"] == port
    assert caught.value.hints == ("mlctl serve --port 0",)


@pytest.mark.parametrize(
    ("host", "port"), [("127.0.0.1", 70000), ("127.0.0.1", -1), ("no.such.host.invalid", 0), ("192.0.2.1", 0)]
)
def test_an_address_that_is_none_of_this_machine_is_a_usage_error(host, port):
    with pytest.raises(UsageError):
        server.bind(host, port)


def test_urls_are_such_that_a_browser_on_this_machine_takes_them():
    with contextlib.closing(server.bind("0.0.0.0", 0)) as bound:  # noqa: S104 - closed at once
        assert server.url_of(bound) == f"http://127.0.0.1:{bound.getsockname()[1]}"
    if socket.has_ipv6:
        with contextlib.suppress(UsageError), contextlib.closing(server.bind("::1", 0)) as bound:
            assert server.url_of(bound) == f"http://[::1]:{bound.getsockname()[1]}"


def test_a_first_model_that_cannot_be_loaded_ends_the_server_with_its_error(make_kit):
    kit = make_kit()
    kit.pointer.number = None
    bound = server.bind("127.0.0.1", 0)
    with pytest.raises(NotFound):
        server.run(kit.app, kit.follower, bound, started=lambda _live: pytest.fail("it has not started"))
    assert kit.journal.closed


PROGRAM = textwrap.dedent("""
    import importlib.util, sys, time
    spec = importlib.util.spec_from_file_location("kit", sys.argv[1])
    kits = importlib.util.module_from_spec(spec); spec.loader.exec_module(kits)
    from mlctl.serving import server
    kit = kits.Kit()
    plain = kits.Sum.predict
    def slow(self, matrix):
        if matrix[0, 0] == 23:
            print("asked", flush=True)
            time.sleep(1)
        return plain(self, matrix)
    kits.Sum.predict = slow
    bound = server.bind("127.0.0.1", 0)
    started = lambda live: print(bound.getsockname()[1], flush=True)
    number = server.run(kit.app, kit.follower, bound, started=started)
    print(number, len(kit.journal.answered), kit.journal.closed, flush=True)
""")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_request_in_flight_finish_and_closes_the_log(tmp_path, row, number):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    kit = str(Path(__file__).with_name("conftest.py"))
    process = subprocess.Popen(
        [sys.executable, str(program), kit],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    port = int(process.stdout.readline())
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/predict", json.dumps({"rows": [{**row, "hr": 23}] * 65}).encode())
    assert process.stdout.readline() == "asked\n"
    process.send_signal(number)
    answer = connection.getresponse()
    assert answer.status == 200
    assert len(json.loads(answer.read())["predictions"]) == 65
    assert process.stdout.readline() == f"{int(number)} 1 True\n"
    assert process.wait(20) == 0

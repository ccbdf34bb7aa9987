"""Real servers on loopback that the tests talk to: S3 (moto), SFTP (asyncssh), a web server."""

import asyncio
import contextlib
import http.server
import logging
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import asyncssh


@contextlib.contextmanager
def s3_server() -> Iterator[str]:
    """The endpoint of an S3 server in this process."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - two seconds, for those that need it

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def s3_options(endpoint: str) -> dict[str, str]:
    """What reaches it."""
    return {
        "endpointurl": endpoint,
        "access_key_id": "test",
        "secret_access_key": "test",
        "region": "us-east-1",
    }


def make_bucket(endpoint: str, name: str) -> str:
    """A new bucket; its URL."""
    import boto3  # noqa: PLC0415 - half a second, for those that need it

    options = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=endpoint, **options)
    client.create_bucket(Bucket=name)
    client.close()
    return f"s3://{name}/some/prefix"


class SshServer:
    """An SFTP server on one folder, in a thread.

    Attributes:
        port: where it listens.
        options: what reaches it: the user's key and the server's.
        connections: open ones; a test may abort them.
    """

    def __init__(self, root: Path, keys: Path) -> None:
        self.options: dict[str, str] = {}
        self.port = 0
        self.connections: list[asyncssh.SSHServerConnection] = []
        self._root = root
        self._keys = keys
        self._loop = asyncio.new_event_loop()
        self._acceptor: Any = None

    def start(self) -> None:
        self._keys.mkdir(parents=True, exist_ok=True)
        host, user = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
        user.write_private_key(self._keys / "user")
        user.write_public_key(self._keys / "user.pub")
        host.write_private_key(self._keys / "host")
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        known = f"[127.0.0.1]:{self.port} {host.export_public_key().decode()}"
        (self._keys / "known_hosts").write_text(known)
        self.options = {
            "user": "tester",
            "port": str(self.port),
            "keyfile": str(self._keys / "user"),
            "known_hosts": str(self._keys / "known_hosts"),
            "allow_agent": "false",
        }

    async def _listen(self) -> None:
        connections = self.connections

        class Login(asyncssh.SSHServer):
            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                connections.append(conn)

        self._acceptor = await asyncssh.create_server(
            Login,
            "127.0.0.1",
            self.port,
            server_host_keys=[str(self._keys / "host")],
            authorized_client_keys=str(self._keys / "user.pub"),
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(self._root).encode()),
        )
        self.port = self._acceptor.sockets[0].getsockname()[1]

    def drop(self) -> None:
        """Break every connection."""

        def act() -> None:
            while self.connections:
                self.connections.pop().abort()

        self._loop.call_soon_threadsafe(act)

    def stop(self) -> None:
        self.drop()
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _end(self) -> None:
        self._acceptor.close()
        await self._acceptor.wait_closed()


@contextlib.contextmanager
def ssh_server(root: Path, keys: Path) -> Iterator[SshServer]:
    """An SFTP server on a folder."""
    server = SshServer(root, keys)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def openssh_server(work: Path) -> Iterator[dict[str, str]]:
    """OpenSSH's own sshd as this user; what reaches it. Only where `sshd_program` finds one."""
    for name in ("host", "user"):
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(work / name)
        key.write_public_key(work / f"{name}.pub")
        (work / name).chmod(0o600)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (work / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {work / 'host'}\nAuthorizedKeysFile {work / 'user.pub'}\n"
        "StrictModes no\nUsePAM no\nSubsystem sftp internal-sftp\nPidFile none\n"
    )
    (work / "known_hosts").write_text(f"[127.0.0.1]:{port} {(work / 'host.pub').read_text()}")
    command = [str(sshd_program()), "-D", "-e", "-f", str(work / "sshd_config")]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield {
            "port": str(port),
            "keyfile": str(work / "user"),
            "known_hosts": str(work / "known_hosts"),
            "allow_agent": "false",
        }
    finally:
        server.terminate()
        server.wait()


def sshd_program() -> str | None:
    """OpenSSH's server, where it is installed and can run."""
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    return program if program and (os.geteuid() != 0 or Path("/run/sshd").is_dir()) else None


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens on port {port}")


class _Ranges(http.server.SimpleHTTPRequestHandler):
    """Python's own server; it knows no ranges."""

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def web_server(folder: Path, handler: type[http.server.SimpleHTTPRequestHandler] = _Ranges) -> Iterator[str]:
    """The URL of a web server on a folder."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()

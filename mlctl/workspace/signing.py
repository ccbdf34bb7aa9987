"""Signatures by SSH keys: `ssh-keygen -Y`, the way git signs commits with them.

Who may sign under which e-mail stands in an allowed-signers file (`man ssh-keygen`), git's own or another.
"""

import os
import re
import subprocess
import tempfile
from pathlib import Path

import msgspec

from mlctl.domain.errors import NotInstalled, UsageError
from mlctl.domain.looks import looked_at
from mlctl.workspace.process import output_of

NAMESPACE = "mlctl"
"""What a signature is good for: one of a commit or a file is none of an approval."""

_KEY = re.compile(rb"with (\S+) key (SHA256:\S+)")
_LONGEST = 60  # seconds: a key may ask for its passphrase, or to be touched


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a signature.

    Attributes:
        key: fingerprint of the key that made it; None where it is not verified.
        why: why it is not.
    """

    key: str | None = None
    why: str = ""


def signed(statement: bytes, key: Path) -> str:
    """The armoured signature of a statement.

    Args:
        statement: what is signed.
        key: a private key, or a public one whose private half an agent holds.

    Raises:
        NotInstalled: there is no ssh-keygen. UsageError: the key can't be used.
    """
    if not key.is_file():
        raise UsageError(f"there is no key {key}", "ls ~/.ssh")
    done = _run(["-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(key)], statement)
    if done is None:
        raise NotInstalled("ssh-keygen is not there, so nothing can be signed", "ssh -V")
    if done.returncode or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise UsageError(f"{key} can't sign: {said or 'ssh-keygen says no more'}", "ssh-keygen -l -f KEY")
    return done.stdout.decode("ascii", "replace")


def verified(statement: bytes, signature: str, email: str, signers: Path | None) -> Verdict:
    """Whether one of the keys that may sign under an e-mail has signed a statement.

    Args:
        statement: what should have been signed.
        signature: armoured.
        email: of whom it should be.
        signers: the allowed-signers file, or None where none is configured.
    """
    if signers is None:
        return Verdict(why="no file says who may sign")
    looked_at(signers)
    if not signers.is_file():
        return Verdict(why=f"{signers.name} does not exist")
    with tempfile.NamedTemporaryFile(suffix=".sig") as file:
        file.write(signature.encode())
        file.flush()
        for identity in dict.fromkeys((email, email.casefold())):  # ssh-keygen minds the case
            words = ["-Y", "verify", "-n", NAMESPACE, "-f", str(signers), "-I", identity, "-s", file.name]
            done = _run(words, statement)
            if done is None:
                return Verdict(why="ssh-keygen is not there")
            found = _KEY.search(done.stdout)
            if not done.returncode and found is not None:
                return Verdict(key=found[2].decode())
    return Verdict(why=f"no key of {email} in {signers.name} has signed it")


def signers_of_git(root: Path) -> Path | None:
    """The allowed-signers file that git uses in a project, or None."""
    words = ["git", "-C", str(root), "config", "--path", "--get", "gpg.ssh.allowedSignersFile"]
    text = output_of(words).decode("utf-8", "replace").strip()
    return root / text if text else None


def _run(words: list[str], statement: bytes) -> subprocess.CompletedProcess[bytes] | None:
    try:
        return subprocess.run(
            ["ssh-keygen", *words],
            input=statement,
            capture_output=True,
            check=False,
            timeout=_LONGEST,
            env={**os.environ, "LC_ALL": "C"},
        )
    except FileNotFoundError:
        return None
    except subprocess.TimeoutExpired:
        why = f"ssh-keygen has not answered within {_LONGEST} s".encode()
        return subprocess.CompletedProcess(words, 1, b"", why)

"""People with SSH keys, as `ssh-keygen` makes them."""

import subprocess

from mlctl.domain.decision import Actor
from mlctl.project.session import Session

ADA, BEA, CLO = "ada@example.org", "bea@example.org", "clo@example.org"


def session_of(project, email):
    """A session of one of them; the project's own are Ada's."""
    plain = project.session()
    moment = plain.clock()
    name = email.partition("@")[0].title() if email else None
    actor = Actor(name=name, email=email, user="u", host="here", via="terminal")
    return Session(plain.repository, command="mlctl test", clock=lambda: moment, actor=actor)


def key_of(folder, name):
    """The file of a fresh private key; its public half stands beside it."""
    path = folder / name
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    return path


def signers_text(keys):
    """An allowed-signers file: by e-mail, whose key may sign."""
    lines = [f"{email} {path.with_suffix('.pub').read_text().strip()}" for email, path in keys.items()]
    return "\n".join(lines) + "\n"

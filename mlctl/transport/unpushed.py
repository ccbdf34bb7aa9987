"""What waits for a push: decisions, facts and data that the default remote is not known to hold.

Nothing is asked of the remote and no plugin is loaded: `status` asks this all day.
"""

from urllib.parse import unquote, urlsplit

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import UsageError
from mlctl.domain.remote import NO_LOG, RemoteSetting
from mlctl.domain.requests.status import Unpushed
from mlctl.project.session import Session
from mlctl.store.fact_files import fact_names
from mlctl.store.known import SHARED, Known, is_remembered
from mlctl.store.remote_settings import read_remotes


def unpushed(session: Session) -> Unpushed | None:
    """What waits; None where no remote is the log's, or its configuration makes no sense."""
    setting = _default(session)
    if setting is None or setting.options.get(NO_LOG) == "false":
        return None
    repository = session.repository
    decisions = repository.decisions
    joined = decisions.pending.joined() is not None
    known = [Known(repository.layout, url) for url in known_urls(session, setting.url)]
    facts = [
        (kind, digest)
        for kind in SHARED
        for digest in fact_names(repository.layout.facts / kind)
        if not any(one.has(kind, digest) for one in known)
    ]
    made = [d for kind, d in facts if kind == DatasetVersion.kind]
    versions = [repository.facts.get(DatasetVersion, digest) for digest in made]
    data = [version for version in versions if version.path is not None]
    waiting = len(decisions.waiting()) if joined else decisions.shared().head
    overlay = decisions.overlay() if joined and waiting and not facts else None
    stuck = overlay is not None and len(overlay.waiting) == waiting  # by names: a push would say so again
    return Unpushed(
        remote=setting.name,
        decisions=waiting,
        facts=len(facts),
        files=sum(version.files for version in data),
        bytes=sum(version.bytes for version in data),
        next="mlctl log --pending" if stuck else "mlctl push" if waiting or facts else None,
    )


def known_urls(session: Session, url: str) -> list[str]:
    """The spellings of a remote's URL under which anything may be remembered of it."""
    layout = session.repository.layout
    # where nothing was ever pushed, `pending/joined` tells of the first time, and no file need be looked for
    joined = session.repository.decisions.pending.joined() is not None
    return [one for one in _spellings(url) if joined or is_remembered(layout, one)]


def _default(session: Session) -> RemoteSetting | None:
    try:
        remotes, default = read_remotes(session.repository.layout)
    except UsageError:  # whoever uses it is told
        return None
    return remotes.get(default) if default is not None else None


def _spellings(url: str) -> list[str]:
    """The URL as it is configured, and as a store may call itself."""
    plain = url.rstrip("/")
    folder = unquote(urlsplit(url).path) if url.startswith("file://") else url
    return list(dict.fromkeys([url, plain, folder]))

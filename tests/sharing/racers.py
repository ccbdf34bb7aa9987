"""Twenty people at once: each makes a version, pushes it, and promotes it. Run as a program: JOB.

Each is a process of its own in a repository of its own (forked after the imports). What each was told goes to
`<root>.json`: decisions that were published, and those that it was told could not be.
"""

import json
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path

from mlctl.domain.errors import MlctlError, Unreachable
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion, Signature
from mlctl.domain.requests.log_drop import LogDropRequest
from mlctl.domain.sharing import spoken
from mlctl.project.remote_stores import remote_setting, store_of
from mlctl.sharing.rounds import fetch, push
from mlctl.store.locks import sharing
from mlctl.store.repository import Repository
from mlctl.transport.sharing_ways import ways
from mlctl.verbs.log_drop import log_drop
from tests.store import full
from tests.verbs.teams import Member

PATIENCE = 60  # tries


class Racer:
    """One person; the store is opened once, which takes longer than all that is asked of it."""

    def __init__(self, root: Path) -> None:
        self.member = Member(root)
        session = self.member.session()
        self.store = store_of(remote_setting(session))
        self.ways = ways(session)

    def push(self) -> dict[int, str]:
        """Push until the remote has answered; what waits and why."""
        return self._through(lambda repository: push(repository, self.store, self.ways)).waiting

    def fetch(self) -> None:
        self._through(lambda repository: fetch(repository, self.store))

    def _through(self, act):
        for _ in range(PATIENCE):
            repository = self.member.repository
            with suppress(Unreachable), sharing(repository.layout):
                return act(repository)
        raise TimeoutError(f"{self.member.root}: the remote never answered")

    def promote(self, digest: str) -> dict[str, object]:
        """Promote on what everybody has; what one was told."""
        self.fetch()
        number = self.member.promote(digest)
        waiting = self.push()
        decisions = self.member.repository.decisions
        held, published = decisions.pending.held(number), decisions.settled(number)
        assert held is not None
        if published is not None:
            return {"id": held.entry.id, "decision": published.number, "lost": None}
        log_drop(self.member.session(), LogDropRequest(decision=spoken(number)))
        return {"id": held.entry.id, "decision": None, "lost": waiting[number]}


def add_model(repository: Repository, seed: int) -> Digest:
    """A version as small as can be: everybody will fetch everybody's."""
    version = ModelVersion(
        created_at=full.T, model="demand", run=full.new_id(100 + seed), flavor="sklearn", artefacts=(),
        estimator="e", parameters={}, features=(), rows=1, datasets=(),
        signature=Signature(inputs=(), target="cnt", target_type="integer", task="regression"),
        learnt_keys=repository.objects.put(b"keys %d" % seed),
    )  # fmt: skip
    digest = repository.facts.add(version)
    full.decide(repository, "train", models__demand__2=digest)
    return digest


def race(root: Path, seed: int) -> dict[str, object]:
    racer = Racer(root)
    member = racer.member
    digest = add_model(member.repository, seed)
    assert racer.push() == {}
    tried = [racer.promote(digest)]
    if tried[0]["decision"] is None:
        tried.append(racer.promote(digest))
    return {"version": digest, "promotions": tried, "waiting": len(member.repository.decisions.waiting())}


def main() -> int:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    children = []
    for seed, root in enumerate(job["roots"]):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                told = race(Path(root), seed)
                Path(f"{root}.json").write_text(json.dumps(told), encoding="utf-8")
                code = 0
            except MlctlError as error:
                Path(f"{root}.err").write_text(
                    f"{error.id}: {error.message}\n{traceback.format_exc()}", encoding="utf-8"
                )
            except BaseException:  # noqa: BLE001 - the forked process must end here, whatever happened
                Path(f"{root}.err").write_text(traceback.format_exc(), encoding="utf-8")
            finally:
                os._exit(code)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    return 1 if any(codes) else 0


if __name__ == "__main__":
    raise SystemExit(main())

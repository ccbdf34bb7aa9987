"""Another process that moves data between a cache and a remote, to be killed: `python moving.py JOB`.

JOB is a JSON file: {"act": "upload" | "download", "scheme", "url", "options", "cache", "known", "md5s"}.
It prints what was moved as JSON, or the error's id and message with exit code 3.
"""

import json
import random
import sys
from pathlib import Path

from mlctl.contracts.registry import load
from mlctl.domain.errors import MlctlError
from mlctl.sharing.known import Known
from mlctl.sharing.retry import RetryingStore
from mlctl.sharing.transfer import download, upload
from mlctl.workspace.dvc_cache import DvcCache


def main(job: dict) -> int:
    store = RetryingStore(
        load("remotes", job["scheme"]).open(job["url"], job["options"]),
        rng=random.Random(job.get("seed", 0)),  # noqa: S311 - spreads pauses
    )
    cache = DvcCache(Path(job["cache"]))
    try:
        if job["act"] == "upload":
            moved = upload(store, cache, job["md5s"], Known(Path(job["known"]), store.url))
        else:
            moved = download(store, cache, job["md5s"])
    except MlctlError as error:
        print(json.dumps({"id": error.id, "message": error.message}))  # noqa: T201 - its one answer
        return 3
    finally:
        store.close()
    print(json.dumps({"files": moved.files, "bytes": moved.bytes}))  # noqa: T201 - as above
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))

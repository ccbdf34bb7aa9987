"""A year of a bike-hire company in two minutes: train on 2011, serve over HTTP, live through 2012.

Every step is the `mlctl` command line or the HTTP server, as a team would use them. Labels come a day late:
on the morning of day t the counts of day t-2 and before are known. Once a week `mlctl loop --once` looks at
the logged predictions, and renews the model through its gates when the monitor alarms; the server follows.

Run it with `python replay.py [--out FOLDER]`; it makes a fresh project in that folder.
"""

import argparse
import csv
import itertools
import json
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from page import write_page

MLCTL = [sys.executable, "-m", "mlctl"]
WITHHELD = {"cnt", "casual", "registered", "yr"}
INTEGERS = {"instant", "season", "mnth", "hr", "holiday", "weekday", "workingday", "weathersit", "cnt"}
WIDE = 84
AFTER_WORK = 17
Row = dict[str, Any]


def say(text: str) -> None:
    """One line of the story."""
    print(text, flush=True)


def mlctl(project: Path, *arguments: str, allow: tuple[int, ...] = (0,)) -> dict[str, Any]:
    """Run one command with --json and return its document.

    Raises:
        SystemExit: it ended with a code that is not allowed here.
    """
    done = subprocess.run(
        [*MLCTL, *arguments, "--json"], cwd=project, capture_output=True, text=True, check=False
    )
    if done.returncode not in allow:
        say(done.stdout + done.stderr)
        raise SystemExit(f"mlctl {' '.join(arguments)} ended with exit code {done.returncode}")
    return json.loads(done.stdout)


def told(project: Path, *arguments: str) -> dict[str, Any]:
    """Run one command, and tell that it was run and how long it took."""
    started = time.perf_counter()
    document = mlctl(project, *arguments)
    say(f"$ mlctl {' '.join(arguments)}   ({time.perf_counter() - started:.1f} s)")
    return document["data"]


def commit(project: Path) -> None:
    """What the team does with git; mlctl never commits for anyone."""
    team = ("-c", "user.name=Rides", "-c", "user.email=rides-ml@example.org")
    for step in (("add", "--all"), (*team, "commit", "--quiet", "--message", "a model of bike demand")):
        subprocess.run(["git", *step], cwd=project, check=True)


def read_rows(path: Path) -> list[Row]:
    """The table as a program would hold it: numbers as numbers, everything else as text."""
    rows = []
    with path.open(newline="", encoding="utf-8") as file:
        for raw in csv.DictReader(file):
            row: Row = {}
            for name, value in raw.items():
                if name == "dteday":
                    row[name] = value
                else:
                    row[name] = int(value) if name in INTEGERS or name == "yr" else float(value)
            rows.append(row)
    return rows


class Server:
    """`mlctl serve` as a process of its own, asked over HTTP."""

    def __init__(self, project: Path) -> None:
        self.process = subprocess.Popen(
            [*MLCTL, "serve", "demand@production", "--port", "0", "--json"],
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        if self.process.stdout is None:
            raise SystemExit("mlctl serve has no output")
        first = json.loads(self.process.stdout.readline() or "{}")
        if "url" not in first:
            raise SystemExit(f"mlctl serve did not start: {first}")
        self.url: str = first["url"]
        self.swaps: list[dict[str, Any]] = []
        threading.Thread(target=self._listen, daemon=True).start()
        self.client = httpx.Client(base_url=self.url, timeout=30)
        while self.client.get("/health/ready").status_code != httpx.codes.OK:
            time.sleep(0.05)

    def _listen(self) -> None:
        for line in self.process.stdout or ():
            event = json.loads(line)
            if event.get("event") == "swapped":
                self.swaps.append(event)

    def predict(self, rows: list[Row]) -> dict[str, Any]:
        """One request with many rows."""
        asked = [{name: value for name, value in row.items() if name not in WITHHELD} for row in rows]
        answer = self.client.post("/predict", json={"rows": asked})
        answer.raise_for_status()
        return answer.json()

    def wait_for(self, digest: str | None, seconds: float = 15) -> None:
        """Wait until the server answers with this model; the loop has just promoted it."""
        deadline = time.monotonic() + seconds
        while digest and time.monotonic() < deadline:
            if self.client.get("/model").json().get("digest") == digest:
                return
            time.sleep(0.05)

    def stop(self) -> int:
        """End it as an operator would, with SIGTERM; the exit code."""
        self.client.close()
        self.process.terminate()
        return self.process.wait(timeout=20)


class Passers:
    """A client that never stops asking, in the background, so that a lost request would be seen."""

    def __init__(self, url: str, row: Row) -> None:
        self.answered = 0
        self.failed: list[str] = []
        self.versions: set[int] = set()
        self._stop = threading.Event()
        asked = {name: value for name, value in row.items() if name not in WITHHELD | {"instant"}}
        self._thread = threading.Thread(target=self._ask, args=(url, asked), daemon=True)
        self._thread.start()

    def _ask(self, url: str, row: Row) -> None:
        with httpx.Client(base_url=url, timeout=30) as client:
            while not self._stop.wait(0.25):
                try:
                    answer = client.post("/predict", json=row)
                    answer.raise_for_status()
                    self.versions.add(answer.json()["version"])
                    self.answered += 1
                except httpx.HTTPError as error:
                    self.failed.append(str(error))

    def stop(self) -> None:
        """No more questions."""
        self._stop.set()
        self._thread.join()


def write_labels(path: Path, rows: list[Row]) -> None:
    """What the company counted: the key and the truth."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["instant", "cnt"])
        writer.writerows((row["instant"], row["cnt"]) for row in rows)


def write_table(path: Path, rows: list[Row]) -> None:
    """Rows as a request would carry them, for batch prediction."""
    names = [name for name in rows[0] if name not in WITHHELD]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def live_through(
    project: Path, server: Server, year: list[Row]
) -> tuple[dict[int, float], list[dict[str, Any]], dict[int, str]]:
    """2012, week by week; predictions by row key, what the loop did, and the prediction ids."""
    answers: dict[int, float] = {}
    ids: dict[int, str] = {}
    happened: list[dict[str, Any]] = []
    days = [(day, list(rows)) for day, rows in itertools.groupby(year, key=lambda row: row["dteday"])]
    labelled = 0
    inbox = project.parent / "inbox"
    inbox.mkdir(exist_ok=True)
    for index, (day, rows) in enumerate(days, start=1):
        answer = server.predict(rows)
        for row, value, identity in zip(rows, answer["predictions"], answer["ids"], strict=True):
            answers[row["instant"]] = value
            ids[row["instant"]] = identity
        if index % 7 and index != len(days):
            continue
        known = [row for _, past in days[labelled : index - 1] for row in past]
        labelled = index - 1
        write_labels(inbox / f"counts-{day}.csv", known)
        mlctl(project, "labels", "add", f"../inbox/counts-{day}.csv")
        turn = mlctl(project, "loop", "--once", allow=(0, 41))
        acted = [action for action in turn["data"]["actions"] if action["action"] != "none"]
        if turn["data"]["alarm"] or acted:
            happened.append({"day": day, **turn["data"], "acted": acted})
            tell(day, turn["data"], acted)
        server.wait_for((turn["data"].get("after") or {}).get("digest"))
    return answers, happened, ids


def tell(day: str, turn: dict[str, Any], acted: list[dict[str, Any]]) -> None:
    """One line of the year."""
    results = (
        f"{action['action']}: {str(action['result']).splitlines()[0].removeprefix('done: ')}"
        for action in acted
    )
    what = "; ".join(result if len(result) <= WIDE else result[:WIDE] + "…" for result in results)
    say(f"  {day}  {'alarm' if turn['alarm'] else '     '}  {what or 'watched'}")


def mean_error(year: list[Row], predictions: dict[int, float]) -> float:
    """Mean absolute error, in bikes an hour."""
    return sum(abs(predictions[row["instant"]] - row["cnt"]) for row in year) / len(year)


def mean_by_month(year: list[Row], predictions: dict[int, float]) -> dict[str, float]:
    """Mean absolute error by month."""
    months = {row["dteday"][:7]: None for row in year}
    return {m: mean_error([row for row in year if row["dteday"][:7] == m], predictions) for m in months}


def frozen_predictions(project: Path, year: list[Row]) -> dict[int, float]:
    """What the first model would have answered all through 2012."""
    write_table(project.parent / "inbox" / "year.csv", year)
    mlctl(project, "predict", "demand@1", "../inbox/year.csv", "-o", "../inbox/frozen.csv")
    with (project.parent / "inbox" / "frozen.csv").open(newline="", encoding="utf-8") as file:
        return {int(row["instant"]): float(row["prediction"]) for row in csv.DictReader(file)}


def in_words(happened: list[dict[str, Any]], month: str) -> str:
    """What the loop did in a month."""
    turns = [turn for turn in happened if turn["day"].startswith(month)]
    words = Counter(
        {"promote": "promoted", "recalibrate": "recalibrated", "rollback": "rolled back"}[action["action"]]
        if str(action["result"]).startswith("done")
        else f"{action['action']} refused"
        for turn in turns
        for action in turn["acted"]
        if action["action"] in {"promote", "recalibrate", "rollback"}
    )
    words["alarm"] = sum(turn["alarm"] for turn in turns)
    told = [word if count == 1 else f"{word} {count}x" for word, count in words.items() if count]
    return ", ".join(told) or "quiet"


def fresh(out: Path) -> Path:
    """An empty folder for the project; what an earlier demo left there is removed, and nothing else."""
    out.mkdir(parents=True, exist_ok=True)
    for left in ("bikes", "inbox"):
        shutil.rmtree(out / left, ignore_errors=True)
    # a git repository of its own, wherever this is run
    subprocess.run(["git", "init", "--quiet", "bikes"], cwd=out, check=True)
    return out / "bikes"


def into_service(out: Path, project: Path) -> None:
    """From nothing to a promoted model of 2011."""
    say("A bike-hire company trains on 2011 …")
    told(out, "init", "bikes", "--template", "bike-demand")
    told(project, "data", "add", "data/hour.csv")
    commit(project)
    told(project, "train")
    told(project, "eval")
    told(project, "promote", "--to", "production")


def traced(project: Path, row: Row, identity: str) -> str:
    """One answer, followed down to rows and code; the text that `mlctl blame` prints."""
    chain = mlctl(project, "blame", identity)["data"]
    when = f"{row['dteday']}, {row['hr']}:00"
    say(f"\n{when}: predicted {chain['output']:.0f}, counted {row['cnt']}. Where the answer came from:")
    text = subprocess.run(
        [*MLCTL, "blame", identity], cwd=project, capture_output=True, text=True, check=True
    ).stdout
    say(text.rstrip())
    return text


def main() -> None:
    """The story."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="demo-output", help="folder for the project and the page")
    parser.add_argument("--until", default="2012-12-31", help="last day to live through")
    options = parser.parse_args()
    out = Path(options.out).resolve()
    began = time.perf_counter()
    project = fresh(out)
    into_service(out, project)

    rows = read_rows(project / "data" / "hour.csv")
    year = [row for row in rows if "2012-01-01" <= row["dteday"] <= options.until]
    server = Server(project)
    say(f"… serves at {server.url}, and lives 2012 ({len(year):,} hours over HTTP, labels a day late):")
    passers = Passers(server.url, year[0])
    try:
        answers, happened, ids = live_through(project, server, year)
        passers.stop()
    finally:
        code = server.stop()
    days = len({row["dteday"] for row in year})
    requests = (days + passers.answered, len(server.swaps), len(passers.failed))
    say(
        f"The server answered {requests[0]:,} requests, swapped the model {requests[1]} times meanwhile, "
        f"failed {requests[2]} times and ended with exit code {code}."
    )

    frozen = frozen_predictions(project, year)
    by_month = (mean_by_month(year, frozen), mean_by_month(year, answers))
    months = [(m, error, by_month[1][m], in_words(happened, m)) for m, error in by_month[0].items()]
    overall = (mean_error(year, frozen), mean_error(year, answers))
    say(f"\n{'month':8} {'frozen':>8} {'loop':>8}  what happened")
    for month, before, after, words in months:
        say(f"{month:8} {before:8.1f} {after:8.1f}  {words}")
    say(f"{'all':8} {overall[0]:8.1f} {overall[1]:8.1f}  mean absolute error, bikes an hour")

    chosen = max(
        (row for row in year if row["dteday"] <= "2012-07-04"),
        key=lambda row: (row["dteday"], row["hr"] == AFTER_WORK),
    )
    text = traced(project, chosen, ids[chosen["instant"]])
    page = out / "bike-demand.html"
    write_page(
        page,
        year=year,
        frozen=frozen,
        renewed=answers,
        months=months,
        overall=overall,
        happened=happened,
        traced=(f"{chosen['dteday']}, {chosen['hr']}:00", text),
        requests=requests,
    )
    clean = mlctl(project, "fsck")["ok"]
    shown = page.relative_to(Path.cwd()) if page.is_relative_to(Path.cwd()) else page
    say(f"\nmlctl fsck: {'clean' if clean else 'damaged'}.  The year as pictures: {shown}")
    say(f"{time.perf_counter() - began:.0f} s in all.")
    if passers.failed or code != 0:
        raise SystemExit("requests were lost")


if __name__ == "__main__":
    main()

"""What every remote must hold; authors of plugins call `check_remote` in a test of their own.

Plain functions that raise AssertionError with a sentence; nothing here needs a test framework. A store is
opened several times, as several machines would; what was there under `checks/` is removed first.
"""

import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from mlctl.contracts.remote import RemoteStore
from mlctl.domain.errors import Denied, InvalidName, Missing, MlctlError

Open = Callable[[], RemoteStore]

_WRITERS = 8
_LARGE = 40 << 20  # bytes; several parts of an upload
_ALIEN = ("../outside", "/outside", "a/../../outside", "a//b", "a/./b", "", "a/", "ä", "a b", "a\nb", "a\\b")


def check_remote(open_store: Open, *, creates: bool = True, large: int = _LARGE) -> None:
    """Every promise of `contracts.remote.RemoteStore`, one after the other.

    Args:
        open_store: opens the same empty place each time.
        creates: False for a store that refuses `create`.
        large: size of the largest file that is sent.

    Raises:
        AssertionError: the store breaks one; the message says which.
    """
    checks = [
        check_what_is_put_is_read,
        check_a_put_replaces_whole,
        check_files_of_any_size,
        check_a_fetch_goes_on,
        check_what_is_missing,
        check_sizes,
        check_listing,
        check_removal,
        check_keys_stay_inside,
        check_many_at_once,
        check_create if creates else check_create_is_refused,
        check_closing,
    ]
    store = open_store()
    store.remove([one.key for one in store.list("checks/")])
    store.close()
    for check in checks:
        if check is check_files_of_any_size:
            check_files_of_any_size(open_store, large)
        else:
            check(open_store)


def check_read_only(open_store: Open, contents: Mapping[str, bytes]) -> None:
    """What a store that is only read must hold.

    Args:
        open_store: opens a store with just these contents.
        contents: bytes by key; one of them has at least a thousand.
    """
    store = open_store()
    _hold(not store.writable, f"{store.url}: it says that it can be written")
    for key, data in contents.items():
        _hold(store.read(key) == data, f"{store.url}: {key} is read back with other bytes")
    sizes = {key: len(data) for key, data in contents.items()}
    _hold(store.sizes([*contents, "not/there"]) == sizes, f"{store.url}: sizes are not those of the bytes")
    key = max(contents, key=lambda name: len(contents[name]))
    _fetched_from(store, key, contents[key])
    _refuses(Missing, store.read, "not/there")
    _refuses(Denied, store.put, key, b"")
    _refuses(Denied, store.create, "new", b"")
    _refuses(Denied, store.remove, [key])
    for alien in _ALIEN:
        _refuses(InvalidName, store.read, alien)
    store.close()
    store.close()


def check_what_is_put_is_read(open_store: Open) -> None:
    """Any bytes under any key are read back, here and by another."""
    store, other = open_store(), open_store()
    values = {"checks/read/empty": b"", "checks/read/a-b_c.D/9.dir": bytes(range(256)) * 40}
    for key, data in values.items():
        store.put(key, data)
    for key, data in values.items():
        _hold(store.read(key) == data, f"{store.url}: {key} is read back with other bytes")
        _hold(other.read(key) == data, f"{store.url}: another reads other bytes under {key}")
    _closed(store, other)


def check_a_put_replaces_whole(open_store: Open) -> None:
    """A reader beside a writer sees one value or the other, never a part or nothing."""
    store = open_store()
    values = [bytes([number]) * (50_000 + 10_000 * number) for number in range(4)]
    store.put("checks/replace", values[0])

    def write() -> None:
        for _ in range(5):
            for value in values:
                store.put("checks/replace", value)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not writing.done():
            _hold(
                store.read("checks/replace") in values,
                f"{store.url}: a reader sees a part of what is put",
            )
        writing.result()
    _hold(store.read("checks/replace") == values[-1], f"{store.url}: the last put is not what is read")
    _closed(store)


def check_files_of_any_size(open_store: Open, large: int = _LARGE) -> None:
    """Files go up and come down equal, and all their bytes are told of."""
    store = open_store()
    with tempfile.TemporaryDirectory() as folder:
        for size in (0, 1, 70_000, large):
            source, target = Path(folder, "source"), Path(folder, "target")
            _write(source, size)
            sent: list[int] = []
            arrived: list[int] = []
            store.put_file("checks/file", source, sent.append)
            target.unlink(missing_ok=True)
            target.touch()
            store.fetch("checks/file", target, arrived.append)
            _hold(_same(source, target), f"{store.url}: a file of {size} bytes comes back with others")
            told = (sum(sent), sum(arrived))
            _hold(told == (size, size), f"{store.url}: of {size} bytes {told} were told")
    _closed(store)


def check_a_fetch_goes_on(open_store: Open) -> None:
    """A fetch from an offset appends what follows it; from the end, nothing."""
    store = open_store()
    data = bytes(range(256)) * 1000
    store.put("checks/resume", data)
    _fetched_from(store, "checks/resume", data)
    _closed(store)


def check_what_is_missing(open_store: Open) -> None:
    """A key that is not there is Missing; one that is the folder of another too."""
    store = open_store()
    store.put("checks/missing/there", b"x")
    with tempfile.TemporaryDirectory() as folder:
        for key in ("checks/missing/not", "checks/missing", "checks/missing/there/below"):
            target = Path(folder, "target")
            _refuses(Missing, store.read, key)
            _refuses(Missing, store.fetch, key, target, _ignored)
            _refuses(Missing, store.stream, key, _ignored_bytes)
            _hold(
                not target.exists() or not target.stat().st_size,
                f"{store.url}: bytes came from {key}, which is not there",
            )
    _closed(store)


def check_sizes(open_store: Open) -> None:
    """Sizes of what exists, and of nothing else."""
    store = open_store()
    wanted = {f"checks/sizes/{number}": number for number in range(30)}
    for key, size in wanted.items():
        store.put(key, b"x" * size)
    found = store.sizes([*wanted, "checks/sizes/not", "checks/sizes"])
    _hold(found == wanted, f"{store.url}: sizes are {found}")
    _hold(store.sizes([]) == {}, f"{store.url}: sizes of nothing are something")
    _closed(store)


def check_listing(open_store: Open) -> None:
    """All keys below a prefix with their sizes, in order of their bytes, and nothing of what was aside."""
    store = open_store()
    names = ["a-b", "a.dir", "a/b", "a/b.c/d", "a0", "B", "b/c", "b-c", "ab/x"]
    for name in names:
        store.put(f"checks/list/{name}", name.encode())
    found = [(one.key, one.size) for one in store.list("checks/list/")]
    wanted = sorted((f"checks/list/{name}", len(name)) for name in names)
    _hold(found == wanted, f"{store.url}: the listing is {found}")
    below = [one.key for one in store.list("checks/list/b/")]
    _hold(below == ["checks/list/b/c"], f"{store.url}: below b/ there is {below}")
    everything = [one.key for one in store.list("") if not one.key.startswith("checks/")]
    _hold(not [*store.list("checks/list/nothing/")], f"{store.url}: there is something below nothing")
    _hold(not everything, f"{store.url}: beside what was put there is {everything}")
    _refuses(InvalidName, lambda: [*store.list("checks/li")])
    _closed(store)


def check_removal(open_store: Open) -> None:
    """What is removed is gone; removing it again is no mistake."""
    store = open_store()
    for name in "abc":
        store.put(f"checks/remove/{name}", b"x")
    for _ in range(2):
        store.remove(["checks/remove/a", "checks/remove/b", "checks/remove/not"])
    found = [one.key for one in store.list("checks/remove/")]
    _hold(found == ["checks/remove/c"], f"{store.url}: left are {found}")
    _closed(store)


def check_keys_stay_inside(open_store: Open) -> None:
    """A key that would leave the store, or that some store could not hold, is refused by every method."""
    store = open_store()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(b"x")
        for key in _ALIEN:
            _refuses(InvalidName, store.read, key)
            _refuses(InvalidName, store.fetch, key, path, _ignored)
            _refuses(InvalidName, store.put, key, b"x")
            _refuses(InvalidName, store.put_file, key, path, _ignored)
            _refuses(InvalidName, store.sizes, [key])
            _refuses(InvalidName, store.remove, [key])
    _closed(store)


def check_many_at_once(open_store: Open) -> None:
    """Many threads on one store do not disturb each other."""
    store = open_store()
    values = {f"checks/many/{number % 7}/{number}": str(number).encode() * number for number in range(60)}

    def turn(key: str) -> bool:
        store.put(key, values[key])
        return store.read(key) == values[key] and store.sizes([key]) == {key: len(values[key])}

    with ThreadPoolExecutor(12) as pool:
        _hold(all(pool.map(turn, values)), f"{store.url}: threads read what others have put")
    found = {one.key: one.size for one in store.list("checks/many/")}
    _hold(
        found == {key: len(data) for key, data in values.items()}, f"{store.url}: of many puts some are lost"
    )
    _closed(store)


def check_create(open_store: Open) -> None:
    """Of writers at the same moment one is told that it won, and its bytes are what is there."""
    stores = [open_store() for _ in range(_WRITERS)]
    store = stores[0]
    store.remove([f"checks/create/{number}" for number in range(5)])
    with ThreadPoolExecutor(_WRITERS) as pool:
        for race in range(5):
            key, start = f"checks/create/{race}", Barrier(_WRITERS)

            def run(number: int, key: str = key, start: Barrier = start) -> bool:
                start.wait()
                return _created(stores[number], key, f"writer {number}".encode())

            won = [number for number, first in enumerate(pool.map(run, range(_WRITERS))) if first]
            _hold(len(won) == 1, f"{store.url}: {len(won)} of {_WRITERS} writers were told that they won")
            found = store.read(key)
            _hold(found == f"writer {won[0]}".encode(), f"{store.url}: {won[0]} won, and {found!r} is there")
    _hold(not store.create(key, b"late"), f"{store.url}: a key that is there was created")
    _hold(store.read(key) == found, f"{store.url}: a create that lost has changed the bytes")
    left = [one.key for one in store.list("") if not one.key.startswith("checks/")]
    _hold(not left, f"{store.url}: creating has left {left}")
    _closed(*stores)


def check_create_is_refused(open_store: Open) -> None:
    """A store that cannot promise put-if-absent says so and writes nothing."""
    store = open_store()
    _refuses(Denied, store.create, "checks/create/no", b"x")
    _hold(not store.sizes(["checks/create/no"]), f"{store.url}: a refused create has written")
    _closed(store)


def check_closing(open_store: Open) -> None:
    """Closing twice is no mistake, and closing one store leaves another open."""
    store, other = open_store(), open_store()
    other.put("checks/close", b"x")
    store.close()
    store.close()
    _hold(other.read("checks/close") == b"x", f"{other.url}: closing one store has closed another")
    _closed(other)


def _created(store: RemoteStore, key: str, data: bytes) -> bool:
    """As a caller does: what is in doubt is settled by reading."""
    try:
        return store.create(key, data)
    except MlctlError:
        return store.read(key) == data


def _fetched_from(store: RemoteStore, key: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for start in (0, 1, len(data) // 2, len(data) - 1, len(data)):
            target = Path(folder, f"from-{start}")
            target.write_bytes(data[:start])
            told: list[int] = []
            store.fetch(key, target, told.append, start=start)
            _hold(target.read_bytes() == data, f"{store.url}: a fetch from {start} gives other bytes")
            _hold(sum(told) == len(data) - start, f"{store.url}: a fetch from {start} told {sum(told)}")
            pieces: list[bytes] = []
            store.stream(key, pieces.append, start=start)
            _hold(b"".join(pieces) == data[start:], f"{store.url}: a stream from {start} gives other bytes")


def _write(path: Path, size: int) -> None:
    block = bytes(range(251)) * 4177  # no power of two, so that parts differ
    with path.open("wb") as file:
        while size > 0:
            file.write(block[:size])
            size -= len(block)


def _same(left: Path, right: Path) -> bool:
    return left.read_bytes() == right.read_bytes()


def _closed(*stores: RemoteStore) -> None:
    for store in stores:
        store.close()


def _refuses(error: type[MlctlError], act: Callable[..., object], *arguments: object) -> None:
    what = f"{getattr(act, '__name__', 'act')}({', '.join(map(repr, arguments))})"
    try:
        act(*arguments)
    except error:
        return
    except MlctlError as other:
        raise AssertionError(f"{what} raised {type(other).__name__}, not {error.__name__}") from other
    raise AssertionError(f"{what} did not raise {error.__name__}")


def _ignored(size: int) -> None:
    del size


def _ignored_bytes(data: bytes) -> None:
    del data


def _hold(condition: bool, otherwise: str) -> None:
    if not condition:
        raise AssertionError(otherwise)

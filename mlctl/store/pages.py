"""A fold of the log as pages that are read one by one: names in order, and versions by what they mean.

The table of contents names the digest of every page, so that what is read is verified, and the rest is not
read. A page is canonical JSON. Where one turns out damaged, the fold is asked for again.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeVar

import msgspec

from mlctl.domain.ids import Digest
from mlctl.domain.names import Names, Undone
from mlctl.domain.records import digest_of, encode
from mlctl.domain.stacks import Effect, Living, Stacks, is_living, is_version

_ITEMS = 256
"""Of a page, when it is made; one that comes to have more than twice as many is parted."""
_LAST = "\U0010ffff"
_NAMES = msgspec.json.Decoder(list[tuple[str, list[Effect]]])
_VALUES = msgspec.json.Decoder(list[tuple[str, str]])
_T = TypeVar("_T")


class Page(msgspec.Struct, frozen=True, array_like=True):
    """One page, in the table of contents.

    Attributes:
        first: its first key (`key_of`; of a page of versions "<digest> <name>").
        size: bytes.
        newest: of a page of names, the highest `at` of an effect that stands last; else 0.
    """

    first: str
    size: int
    sha256: Digest
    newest: int


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be known of a fold before any page is read; the pages follow in this order.

    Attributes:
        committed_at, undone, highest: of the names.
        living: group ("models/demand") to how many of its names mean something.
        names: pages of `[name, stack]`.
        values: pages of `[digest, name]` of living versions and refits.
    """

    committed_at: str
    undone: list[Undone]
    highest: dict[str, int]
    living: dict[str, Living]
    names: list[Page]
    values: list[Page]


class DamagedPage(ValueError):
    """A page's bytes cannot be read, or are not those that the table of contents names."""


class Paged:
    """A ground (`domain.stacks`) that reads pages."""

    def __init__(
        self, contents: Contents, read: Callable[[int, int], bytes], again: Callable[[], "Paged"]
    ) -> None:
        """Nothing is read yet.

        Args:
            contents: of the fold.
            read: so many bytes from a position on, the first page's beginning being 0.
            again: makes the same fold anew, where a page is damaged.
        """
        self._again = again
        self._begin(contents, read)

    def _begin(self, contents: Contents, read: Callable[[int, int], bytes]) -> None:
        self.contents = contents
        self._read = read
        self._first_names = [page.first for page in contents.names]
        self._first_values = [page.first for page in contents.values]
        pages = [*contents.names, *contents.values]
        self._at = list(accumulate((page.size for page in pages), initial=0))
        self._names: dict[int, dict[str, list[Effect]]] = {}
        self._values: dict[int, dict[str, list[str]]] = {}

    def stack(self, name: str) -> list[Effect] | None:
        """As `Ground`."""

        def ask() -> list[Effect] | None:
            number = bisect_right(self._first_names, key_of(name)) - 1
            return self._page_of_names(number).get(name) if number >= 0 else None

        return self._asked(ask)

    def under(self, prefix: str) -> list[str]:
        """As `Ground`."""
        parts = prefix.split("/", 2)
        start = prefix if len(parts) <= 2 else f"{parts[0]}/{parts[1]}/"  # noqa: PLR2004 - kind and family

        def ask() -> list[str]:
            numbers = _between(self._first_names, start, start + _LAST)
            return [name for one in numbers for name in self._page_of_names(one) if name.startswith(start)]

        return self._asked(ask)

    def living(self) -> Mapping[str, Living]:
        """As `Ground`."""
        return self.contents.living

    def holding(self, value: str) -> list[str]:
        """As `Ground`."""

        def ask() -> list[str]:
            numbers = _between(self._first_values, f"{value} ", f"{value} {_LAST}")
            return [name for one in numbers for name in self._page_of_values(one).get(value, ())]

        return self._asked(ask)

    def newest(self, above: int, without: Collection[str]) -> Effect | None:
        """As `Ground`."""

        def ask() -> Effect | None:
            best = Effect(0, None, above)
            pages = self.contents.names
            for number in sorted(range(len(pages)), key=lambda one: -pages[one].newest):
                if pages[number].newest <= best.at:
                    break
                stacks = self._page_of_names(number).items()
                tops = (stack[-1] for name, stack in stacks if stack and name not in without)
                best = max((best, *tops), key=lambda effect: effect.at)
            return best if best.at > above else None

        return self._asked(ask)

    def bytes_of(self, number: int) -> bytes:
        """The bytes of a page, of names or, counted on, of versions; not verified.

        Raises:
            DamagedPage: the disk does not give them.
        """
        try:
            return self._read(self._at[number], self._at[number + 1] - self._at[number])
        except OSError as error:  # EIO; ESTALE where another machine has removed the file
            raise DamagedPage(f"page {number} cannot be read: {error}") from error

    def items(self, number: int) -> dict[str, Any]:
        """The items of a page, counted in the same way, by their keys.

        Raises:
            DamagedPage: it does not verify.
        """
        known = len(self.contents.names)
        if number < known:
            return {key_of(name): (name, stack) for name, stack in self._page_of_names(number).items()}
        held = self._page_of_values(number - known).items()
        return {f"{value} {name}": (value, name) for value, names in held for name in names}

    def check(self) -> None:
        """Read every page.

        Raises:
            DamagedPage: one does not verify.
        """
        for number in range(len(self._at) - 1):
            self.items(number)

    def renew(self) -> None:
        """Make the same fold anew."""
        made = self._again()
        self._begin(made.contents, made._read)  # noqa: SLF001 - of the same kind

    def _asked(self, ask: Callable[[], _T]) -> _T:
        try:
            return ask()
        except DamagedPage:
            self.renew()
            return ask()

    def _page_of_names(self, number: int) -> dict[str, list[Effect]]:
        found = self._names.get(number)
        if found is None:
            found = self._names[number] = dict(_NAMES.decode(self._verified(number)))
        return found

    def _page_of_values(self, number: int) -> dict[str, list[str]]:
        found = self._values.get(number)
        if found is None:
            found = {}
            for value, name in _VALUES.decode(self._verified(len(self.contents.names) + number)):
                found.setdefault(value, []).append(name)
            self._values[number] = found
        return found

    def _verified(self, number: int) -> bytes:
        known = len(self.contents.names)
        page = self.contents.names[number] if number < known else self.contents.values[number - known]
        data = self.bytes_of(number)
        if digest_of(data) != page.sha256:
            raise DamagedPage(f"page {number}")
        return data


def key_of(name: str) -> str:
    """What names are in the order of: a group's stand together, its versions by number."""
    parts = name.split("/", 2)
    if len(parts) <= 2:  # noqa: PLR2004 - kind and family
        return name
    third, slash, rest = parts[2].partition("/")
    return f"{parts[0]}/{parts[1]}/{len(third):03d}{third}{slash}{rest}"


def paged(names: Names) -> tuple[Contents, list[bytes]]:
    """The table of contents and the pages of a fold; those on which nothing has moved are copied."""
    effects = names.effects
    stands = isinstance(effects, Stacks) and isinstance(effects.ground, Paged)
    stacks = effects if stands and isinstance(effects, Stacks) else Stacks(nothing(), effects)
    ground: Any = stacks.ground
    try:
        return _paged(names, stacks, ground)
    except DamagedPage:
        ground.renew()
        return _paged(names, stacks, ground)


def in_memory(names: Names) -> Paged:
    """A ground of the same names that needs no file."""
    contents, pages = paged(names)
    data = b"".join(pages)
    return Paged(contents, lambda start, size: data[start : start + size], nothing)


def nothing() -> Paged:
    """The ground of no name."""
    none = Contents(committed_at="", undone=[], highest={}, living={}, names=[], values=[])
    return Paged(none, lambda _start, _size: b"", nothing)


def _paged(names: Names, stacks: Stacks, ground: Paged) -> tuple[Contents, list[bytes]]:
    moved: dict[str, Any] = {key_of(name): (name, stack) for name, stack in stacks.own.items()}
    held: dict[str, Any] = {}
    for name, stack in stacks.own.items():
        if is_version(name):
            before = ground.stack(name) or []
            if is_living(before):
                held[f"{before[-1].value} {name}"] = None
            if is_living(stack):
                held[f"{stack[-1].value} {name}"] = (stack[-1].value, name)
    of_names = list(_merged(ground, ground.contents.names, 0, moved))
    of_values = list(_merged(ground, ground.contents.values, len(ground.contents.names), held))
    contents = Contents(
        committed_at=names.committed_at,
        undone=names.undone,
        highest=names.highest,
        living=stacks.living(),
        names=[page for page, _ in of_names],
        values=[page for page, _ in of_values],
    )
    return contents, [data for _, data in (*of_names, *of_values)]


def _merged(
    ground: Paged, old: Sequence[Page], shift: int, changes: Mapping[str, Any]
) -> Iterator[tuple[Page, bytes]]:
    """The pages `old`, the first being number `shift`, with items put in, or taken out (None), by key."""
    order = sorted(changes)
    firsts = [page.first for page in old[1:]]
    ends = [*(bisect_left(order, first) for first in firsts), len(order)]
    for number, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
        if old and start == end:
            yield old[number], ground.bytes_of(shift + number)
            continue
        items = ground.items(shift + number) if old else {}
        items |= {key: changes[key] for key in order[start:end]}
        kept = sorted((key, item) for key, item in items.items() if item is not None)
        most = _ITEMS if len(kept) > 2 * _ITEMS else max(len(kept), 1)
        for part in range(0, len(kept), most):
            yield _page(kept[part : part + most])


def _page(items: Sequence[tuple[str, Any]]) -> tuple[Page, bytes]:
    data = encode([item for _, item in items])
    tops = (held[-1].at for _, (_, held) in items if held and isinstance(held, list))
    newest = max(tops, default=0)
    return Page(first=items[0][0], size=len(data), sha256=digest_of(data), newest=newest), data


def _between(firsts: Sequence[str], low: str, high: str) -> Iterable[int]:
    """The pages on which keys from low to high may stand."""
    return range(max(bisect_right(firsts, low) - 1, 0), bisect_left(firsts, high))

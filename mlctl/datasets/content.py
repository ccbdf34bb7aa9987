"""What is in the files of a folder: images by their headers, texts by their suffixes."""

from collections import Counter
from pathlib import PurePosixPath

from mlctl.domain.dataset import FileEntry
from mlctl.domain.folder_profile import Images, Texts, Unreadable
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.pictures import SUFFIXES as PICTURES
from mlctl.workspace.pictures import NoPicture, read_picture
from mlctl.workspace.texts import SUFFIXES as TEXTS
from mlctl.workspace.texts import read_text

_DIMENSIONS = 10
_EXAMPLES = 5


class Content:
    """Opens files of the cache and counts what they are.

    Attributes:
        looked_into: files that were asked for.
        not_here: those of them whose bytes are not in the cache.
    """

    def __init__(self, cache: DvcCache) -> None:
        self.looked_into = 0
        self.not_here = 0
        self._cache = cache
        self._formats: Counter[str] = Counter()
        self._modes: Counter[str] = Counter()
        self._dimensions: Counter[str] = Counter()
        self._unreadable = 0
        self._why: list[Unreadable] = []
        self._texts = self._utf8 = self._lines = self._characters = 0
        self._other: list[str] = []

    def add(self, entry: FileEntry) -> None:
        """Look into one file."""
        self.looked_into += 1
        suffix = PurePosixPath(entry.path).suffix.lower()
        try:
            with self._cache.path(entry.md5).open("rb") as file:
                try:
                    picture = read_picture(file, entry.size)
                except NoPicture as error:
                    self._refuse(entry.path, str(error))
                    return
                if picture is not None:
                    self._formats[picture.format] += 1
                    self._modes[picture.mode] += 1
                    self._dimensions[f"{picture.width}x{picture.height}"] += 1
                elif suffix in PICTURES:
                    self._refuse(entry.path, "it is no image" if entry.size else "it is empty")
                elif suffix in TEXTS:
                    text = read_text(file)
                    self._texts += 1
                    if text is not None:
                        self._utf8 += 1
                        self._lines += text.lines
                        self._characters += text.characters
                    elif len(self._other) < _EXAMPLES:
                        self._other.append(entry.path)
        except OSError:
            self.not_here += 1

    def images(self) -> Images | None:
        """The images that were found; None where there are none, and no unreadable ones."""
        files = self._formats.total()
        if not files and not self._unreadable:
            return None
        frequent = sorted(self._dimensions.items(), key=lambda item: (-item[1], item[0]))
        return Images(
            files=files,
            formats=dict(sorted(self._formats.items())),
            modes=dict(sorted(self._modes.items())),
            dimensions=dict(frequent[:_DIMENSIONS]),
            more_dimensions=max(0, len(frequent) - _DIMENSIONS),
            unreadable=self._unreadable,
            examples=tuple(self._why),
        )

    def texts(self) -> Texts | None:
        """The texts that were read; None where there are none."""
        if not self._texts:
            return None
        return Texts(
            files=self._texts,
            utf8=self._utf8,
            lines=self._lines,
            characters=self._characters,
            examples=tuple(self._other),
        )

    def _refuse(self, path: str, why: str) -> None:
        self._unreadable += 1
        if len(self._why) < _EXAMPLES:
            self._why.append(Unreadable(path=path, why=why))

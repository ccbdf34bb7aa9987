"""`mlctl card`."""

import msgspec


class CardRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Of which version.

    Attributes:
        selector: a version or a stage; None: what production holds of the only model, or its newest.
        markdown: a file to write it to as Markdown; "-" answers it as text.
    """

    selector: str | None = None
    markdown: str | None = None


class CardLine(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the card says.

    Attributes:
        text: None where nothing is on record.
        source: where it is from: "spec", "run 01J..", "evaluation 3fa85f64", "decision 5", "version".
    """

    name: str
    text: str | None
    source: str


class CardTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table of the card; rows as wide as the head."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    source: str


class CardSection(msgspec.Struct, frozen=True, kw_only=True):
    """A section, after Mitchell et al., Model Cards for Model Reporting, FAT* 2019."""

    title: str
    lines: tuple[CardLine, ...] = ()
    tables: tuple[CardTable, ...] = ()


class CardResult(msgspec.Struct, frozen=True, kw_only=True):
    """A model card.

    Attributes:
        missing: names of lines about which nothing is on record.
        markdown: the text, where it was asked for without a file.
        written: the file that was written.
    """

    model: str
    version: int
    digest: str
    sections: tuple[CardSection, ...]
    missing: tuple[str, ...] = ()
    markdown: str | None = None
    written: str | None = None

"""What people say in `mlctl.toml` and no record can: answers to items of the score, words for the card."""

import msgspec


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """A table of words."""


class AnswerSpec(Told, frozen=True, kw_only=True):
    """`[score.answers] ITEM = {...}`: what somebody says of an item.

    Attributes:
        by: e-mail of who says it.
        on: the day, "2026-11-01".
        text: what is done, and where it is written down.
        points: 0.5 for what is done by hand and documented; 1 for what runs by itself, and only for items of
            which no record can tell.
    """

    by: str
    on: str
    text: str
    points: float = 0.5


class ScoreSpec(Told, frozen=True, kw_only=True):
    """`[score]`.

    Attributes:
        valid: how long an answer counts.
        answers: by item, "data_5".
    """

    valid: str = "365d"
    answers: dict[str, AnswerSpec] = {}


class CardSpec(Told, frozen=True, kw_only=True):
    """`[model.NAME.card]`: words for the model card; nothing depends on them.

    Attributes:
        purpose: what the model is for, and who uses its answers.
        limits: what it must not be used for.
        contact: whom to ask; the project's owner if None.
    """

    purpose: str | None = None
    limits: str | None = None
    contact: str | None = None

"""Takes credentials out of texts that are kept: command lines, URLs, crash reports."""

import re
from functools import cache

HIDDEN = "***"

_NAMED = (
    r"(?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key(?:[_-]?id)?|signature|credentials?)"
)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """What is taken out, and what stays in its place; compiled when the first text comes."""
    return (
        # user:password@ and token@ in a URL; the scheme and the host stay
        (
            re.compile(r"(?P<keep>[a-z][a-z0-9+.-]*://)[^/\s@'\"]+@", re.IGNORECASE),
            rf"\g<keep>{HIDDEN}@",
        ),
        # Authorization: Bearer abc
        (
            re.compile(r"(?P<keep>\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE),
            rf"\g<keep>{HIDDEN}",
        ),
        # AWS_SECRET_ACCESS_KEY=abc, --password abc, ?X-Amz-Signature=abc, "token": "abc"
        (
            re.compile(
                rf"(?P<keep>[\w-]*{_NAMED}(?![a-z])[\w-]*['\"]?\s*(?:=|:\s)\s*['\"]?)[^\s'\"&,;]+",
                re.IGNORECASE,
            ),
            rf"\g<keep>{HIDDEN}",
        ),
        (
            re.compile(rf"(?P<keep>--?[\w-]*{_NAMED}(?![a-z])[\w-]*\s+)[^\s-]\S*", re.IGNORECASE),
            rf"\g<keep>{HIDDEN}",
        ),
    )


def strip(text: str) -> str:
    """The text with whatever looks like a credential replaced by `***`."""
    for pattern, replacement in _patterns():
        text = pattern.sub(replacement, text)
    return text

"""Numbers as people read them in a sentence: four significant digits, never an exponent below 10^15."""

from math import floor, isfinite, log10

DIGITS = 4
_EXACT = 17
_HUGE = 1e15
_TINY = 1e-4


def digits(value: float, *, sign: bool = False, count: int = DIGITS) -> str:
    """The value in this many significant digits; whole digits before the point are never dropped.

    With `sign`, a positive value has its plus.
    """
    plus = "+" if sign else ""
    if not isfinite(value) or abs(value) >= _HUGE or 0 < abs(value) < _TINY:
        return f"{value:{plus}.{count}g}"
    if value == 0:
        return f"{0:{plus}d}"
    places = max(0, count - 1 - floor(log10(abs(value))))
    text = f"{value:{plus},.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def apart(first: float, second: float) -> tuple[str, str]:
    """Both values in as many digits as it takes to see that they differ."""
    for count in range(DIGITS, _EXACT + 1):
        texts = digits(first, count=count), digits(second, count=count)
        if texts[0] != texts[1] or first == second:
            return texts
    return repr(first), repr(second)

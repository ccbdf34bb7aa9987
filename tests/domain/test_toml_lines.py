"""Lines of keys, against tomllib as the judge of what the keys are."""

import tomllib

from mlctl.domain.toml_lines import lines_of

TEXT = '''\
# a comment with = and [brackets]
top = 1 # and one after
text = """
[not.a.table]
fake = 1
"""
raw = \'\'\'it's = "raw"\'\'\'
[a]
b = { c = 1, d = { "e.f" = [1, { g = 2 }] } }
list = [
    "one",  # comment ]
    'two',
    [3,
     4],
]
when = 2011-01-01 10:00:00
x.y . "z w" = 5

  [a."quoted \\u00e9".'lit']
k = true
[[jobs]]
n = 1
[[jobs]]
n = 2
[jobs.sub]
m = 3
'''


def paths(value, prefix=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*prefix, key)
            yield from paths(item, (*prefix, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield (*prefix, index)
            yield from paths(item, (*prefix, index))


def test_every_key_has_a_line_and_no_other_has() -> None:
    assert set(lines_of(TEXT)) == set(paths(tomllib.loads(TEXT)))


def test_lines_are_those_on_which_the_keys_stand() -> None:
    lines = lines_of(TEXT)
    rows = TEXT.splitlines()
    for path, start in {
        ("top",): "top", ("raw",): "raw", ("a",): "[a]", ("a", "b", "d", "e.f", 1, "g"): "b =",
        ("a", "list", 1): "    'two'", ("a", "list", 2, 1): "     4]", ("a", "when"): "when",
        ("a", "x", "y", "z w"): "x.y", ("a", "quoted é", "lit", "k"): "k =", ("jobs", 1, "sub", "m"): "m =",
    }.items():  # fmt: skip
        assert rows[lines[path] - 1].startswith(start), path
    assert rows[lines["jobs", 0, "n"] - 1] == "n = 1"
    assert rows[lines["jobs", 1, "n"] - 1] == "n = 2"

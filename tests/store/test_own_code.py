from mlctl.store.layout import Layout
from mlctl.store.own_code import OwnCode

DIGEST = "ab" * 32


def test_what_was_added_is_known_and_nothing_else(tmp_path):
    own = OwnCode(Layout(tmp_path))
    assert DIGEST not in own
    own.add(DIGEST)
    own.add(DIGEST)
    assert DIGEST in own
    assert "cd" * 32 not in own


def test_what_is_no_digest_is_neither_added_nor_known(tmp_path):
    own = OwnCode(Layout(tmp_path))
    for odd in ("", "../config.toml", DIGEST[:-1]):
        own.add(odd)
        assert odd not in own
    assert list(tmp_path.iterdir()) == []

"""Other programs."""

from mlctl.workspace.process import output_of


def test_what_a_program_prints_is_returned_whole():
    assert output_of(["sh", "-c", "head -c 300000 /dev/zero; echo no >&2"]) == b"\0" * 300_000


def test_a_program_that_is_not_there_prints_nothing():
    assert output_of(["no-such-program-anywhere"]) == b""

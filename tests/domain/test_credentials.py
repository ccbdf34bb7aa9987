"""Credentials never reach a record or a report; everything else stays as it is."""

import pytest

from mlctl.domain.credentials import strip


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://ann:pw@example.org/x", "https://***@example.org/x"),
        ("s3://AKIA:secret@bucket/x", "s3://***@bucket/x"),
        ("git clone https://ghp_abc@example.org/r.git", "git clone https://***@example.org/r.git"),
        ("?X-Amz-Signature=feed&x=1", "?X-Amz-Signature=***&x=1"),
        ("AWS_SECRET_ACCESS_KEY=abc mlctl push", "AWS_SECRET_ACCESS_KEY=*** mlctl push"),
        ("mlctl x --password hunter2 --json", "mlctl x --password *** --json"),
        ("mlctl x --api-key=k", "mlctl x --api-key=***"),
        ('{"token": "abc", "rows": 3}', '{"token": "***", "rows": 3}'),
        ("Authorization: Bearer abcdefgh.ijk", "Authorization: Bearer ***"),
    ],
)
def test_a_credential_is_replaced_and_its_place_stays_readable(text, kept):
    assert strip(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "mlctl promote demand@7 --to staging --reason 'ticket 12'",
        "mlctl train --set tokenizer=bert --set max_iter=300",
        "https://example.org:8080/data/hour.csv?year=2012",
        "rides-ml@example.org",
    ],
)
def test_an_ordinary_command_line_stays_as_typed(text):
    assert strip(text) == text

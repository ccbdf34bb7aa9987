"""Posts each decision as JSON to an address.

Options: `url`; `timeout` in seconds (5); `token_env`, name of an environment variable with a bearer token;
`secret_env`, name of one with the key of the signature. A secret itself never stands in a configuration file.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from mlctl.domain.errors import Denied, Unreachable, UsageError

TIMEOUT = 5.0
SIGNATURE = "x-mlctl-signature"
"""`sha256=` and the HMAC-SHA256 of the body in hexadecimal, where `secret_env` is set."""
DELIVERY = "x-mlctl-delivery"
"""The decision's sha256: the same decision told twice has the same one."""
_TRIES = 2


class WebhookTracker:
    """Tries twice where the server does not answer or answers 5xx; follows no redirects."""

    name = "webhook"

    def tell(self, event: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        """Post the event.

        Raises:
            UsageError: no `url`, or an environment variable that the options name is not set.
            Denied: 401 or 403.
            Unreachable: no answer in time, or another status than 2xx.
        """
        url = str(options.get("url", ""))
        if not url.startswith(("http://", "https://")):
            raise UsageError('the webhook tracker needs url = "https://..." in its options')
        body = msgspec.json.encode(event, enc_hook=str)
        headers = _headers(event, options, body)
        failure = ""
        with httpx.Client(timeout=float(options.get("timeout", TIMEOUT)), follow_redirects=False) as client:
            for _ in range(_TRIES):
                try:
                    answer = client.post(url, content=body, headers=headers)
                except httpx.HTTPError as error:
                    failure = str(error) or type(error).__name__
                    continue
                if answer.is_success:
                    return
                if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
                    raise Denied(
                        f"{answer.url.host} answered {answer.status_code}", status=answer.status_code
                    )
                failure = f"it answered {answer.status_code}"
                if not answer.is_server_error:
                    break
        raise Unreachable(f"{httpx.URL(url).host} could not be told: {failure}")


def _headers(event: Mapping[str, Any], options: Mapping[str, Any], body: bytes) -> dict[str, str]:
    headers = {"content-type": "application/json", DELIVERY: str(event.get("sha256", ""))}
    if "token_env" in options:
        headers["authorization"] = f"Bearer {_secret(str(options['token_env']))}"
    if "secret_env" in options:
        key = _secret(str(options["secret_env"])).encode()
        headers[SIGNATURE] = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    return headers


def _secret(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise UsageError(f"environment variable {variable} is not set")
    return value

"""What boto's errors mean: which pass, which refuse, which say that something is not there."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from mlctl.domain.credentials import strip
from mlctl.domain.errors import Denied, Missing, MlctlError, NotFound, Unreachable, UsageError

_NO_ACCESS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    SSOError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
_NEVER_SENT = (EndpointConnectionError, ConnectTimeoutError)
_PASSES = {
    "SlowDown",
    "RequestTimeout",
    "RequestTimeoutException",
    "BadDigest",
    "InternalError",
    "ServiceUnavailable",
    "ThrottlingException",
    "Throttling",
    "XAmzContentSHA256Mismatch",
    "IncompleteBody",
}
_PASSING = {408, 425, 429}
_MOVED = {301, 307, 308}
_NOT_FOUND = 404
_SERVER = 500


def status_of(error: ClientError) -> int:
    """The HTTP status of an answer."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def said(
    error: ClientError | BotoCoreError | OSError, url: str, key: str, *, in_doubt: bool = False
) -> MlctlError:
    """The error in mlctl's words; `in_doubt`: a request that got no answer may have been carried out."""
    if isinstance(error, ClientError):
        return _answered(error, url, key, in_doubt=in_doubt)
    if isinstance(error, _NO_ACCESS):
        return Denied(f"{url}: no credentials that work: {strip(str(error))}", key=key, url=url)
    doubt = in_doubt and not isinstance(error, _NEVER_SENT)
    return Unreachable(f"{url}: {strip(str(error))}", key=key, url=url, in_doubt=doubt)


def _answered(error: ClientError, url: str, key: str, *, in_doubt: bool) -> MlctlError:
    status, answer = status_of(error), error.response.get("Error", {})
    code = str(answer.get("Code", ""))
    text = f"{code} {strip(str(answer.get('Message', '')))}".strip()
    if code == "NoSuchBucket":
        return NotFound(f"{url}: there is no such bucket", url=url)
    if code in _PASSES or status in _PASSING or status >= _SERVER:
        return Unreachable(f"{url}: {text}", key=key, url=url, in_doubt=in_doubt)
    if status == _NOT_FOUND:
        return Missing(f"{url} does not hold {key}", key=key, url=url)
    if status in _MOVED:
        return UsageError(f"{url}: the bucket is in another region: {text}", url=url)
    return Denied(f"{url} refused {key}: {text}", key=key, url=url)

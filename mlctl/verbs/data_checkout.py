"""`mlctl data checkout`: restore data in the work tree from its cached bytes, or from its remote's.

Bytes that neither cache nor remote would hold afterwards are not overwritten without --force. The pointer is
written last: a checkout that was killed is simply run again.
"""

from mlctl.datasets.partial_checkout import partial_checkout
from mlctl.datasets.parts import part_of
from mlctl.datasets.whole_checkout import named, wanted_by, whole_checkout
from mlctl.domain.errors import UsageError
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.data_checkout import DataCheckoutRequest, DataCheckoutResult
from mlctl.project.session import Session
from mlctl.project.versions import versions_of


def data_checkout(session: Session, request: DataCheckoutRequest) -> Outcome[DataCheckoutResult]:
    """Make the work tree hold what is asked for."""
    if request.path is not None or request.to is not None:
        if request.dataset is None:
            raise UsageError("--path and --to go with a dataset", "mlctl data checkout --help")
        return _part(session, request)
    wanted = wanted_by(session, request)
    if request.dataset is not None and part_of(session, wanted[0].place) is not None:
        return _part(session, request)
    return whole_checkout(session, wanted, request)


def _part(session: Session, request: DataCheckoutRequest) -> Outcome[DataCheckoutResult]:
    one = named(session, str(request.dataset))
    held = next((held for held in versions_of(session, one.place.name) if held.number == one.version), None)
    return partial_checkout(session, request, one.place, one.pointer, held)

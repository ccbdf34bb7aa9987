"""From a model version with verified files to a plan that answers."""

from pathlib import Path

from mlctl.domain.model import ModelVersion
from mlctl.evidence.trust import may_run
from mlctl.learning.flavors import opened
from mlctl.project.session import Session
from mlctl.serving.plan import Plan


def plan_of(session: Session, model: ModelVersion, folder: Path) -> Plan:
    """Load a model; the folder holds its artefacts, whose digests were checked.

    Raises:
        NotInstalled, PluginBroken: its flavor cannot be had.
        Untrusted, Corrupt: the flavor refuses its files, or its code may not run.
    """
    return Plan(model, opened(model.flavor, folder, model.signature, trusted=may_run(session, model)))

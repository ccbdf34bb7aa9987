"""`remote ls`: mlctl's remotes and DVC's."""

from mlctl.domain.requests.remote_ls import RemoteLsRequest
from mlctl.verbs.remote_ls import remote_ls
from tests.verbs.teams import team

assert team  # a fixture


def listed(member):
    return remote_ls(member.session(), RemoteLsRequest())


def test_remotes_and_what_they_are_used_for(team):
    assert listed(team.first).data.remotes == ()
    assert listed(team.first).next == ("mlctl remote add origin URL",)
    first = team.shared()
    data = listed(first).data
    rows = [(row.name, row.default, row.log, row.origin) for row in data.remotes]
    assert rows == [("origin", True, True, "mlctl"), ("origin", True, False, "dvc")]
    assert data.joined is True

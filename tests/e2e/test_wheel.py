"""The wheel holds all that the program needs at run time, and runs from there."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The built wheel, unpacked; built without its dependencies, which this environment has."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("mlctl-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(unpacked, folder, *arguments):
    """The program of the wheel, not of the checkout."""
    return subprocess.run(
        [sys.executable, "-m", "mlctl", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
def test_templates_completions_types_and_licence_are_in_the_wheel(unpacked):
    for file in (
        "templates/bike-demand/mlctl.toml",
        "templates/bike-demand/data/hour.csv.gz",
        "templates/bare/mlctl.toml",
    ):
        assert (unpacked / "mlctl" / file).is_file(), file
    for file in ("completions/mlctl.bash", "completions/_mlctl", "completions/mlctl.fish", "py.typed"):
        assert (unpacked / "mlctl" / file).is_file(), file
    assert list(unpacked.glob("mlctl-*.dist-info/licenses/LICENSE"))


@pytest.mark.slow
def test_a_project_is_made_from_the_wheel(unpacked, tmp_path):
    where = subprocess.run(
        [sys.executable, "-c", "import mlctl; print(mlctl.__file__)"],
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        timeout=60,
    )
    assert where.stdout.startswith(str(unpacked))
    made = run(unpacked, tmp_path, "init", "bikes", "--template", "bike-demand")
    assert made.returncode == 0, made.stderr
    assert run(unpacked, tmp_path / "bikes", "data", "add").returncode == 0
    assert run(unpacked, tmp_path, "completion", "zsh").stdout.startswith("#compdef mlctl")

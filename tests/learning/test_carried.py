import importlib
import json
import shutil
import sys

import pytest

from mlctl.domain.errors import Corrupt, NotInstalled, PredictionFailed, Untrusted
from mlctl.learning.carried import Carried, digest_of_code, gathered

LINE = """\
from __future__ import annotations
from dataclasses import dataclass
from parts.sums import total
from parts import names
import parts.deep.inner


@dataclass
class Line:
    scale: "float" = 1

    def predict(self, rows):
        from parts.late import FACTOR
        return [FACTOR * total(row) + names.MORE + parts.deep.inner.LESS for row in rows]
"""
SOURCES = {
    "line.py": LINE,
    "parts/__init__.py": "",
    "parts/sums.py": "from .names import MORE\nfrom . import late\ntotal = lambda row: sum(row) + MORE\n",
    "parts/names.py": "MORE = 1\n",
    "parts/late.py": "FACTOR = 10\n",
    "parts/deep/__init__.py": "",
    "parts/deep/inner.py": "from ..names import MORE\nLESS = -MORE\n",
    "parts/unused.py": "raise RuntimeError\n",
    "train.py": "raise RuntimeError\n",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose class is imported as a training would."""
    root = tmp_path / "project"
    for name, source in SOURCES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(source)
    monkeypatch.syspath_prepend(str(root))
    forget()
    yield root
    forget()


def forget():
    for name in [one for one in sys.modules if one.partition(".")[0] in {"line", "parts"}]:
        del sys.modules[name]


def stored(files, folder):
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def own(root):
    module = __import__("line")
    return gathered(module.Line(), root)


def test_the_modules_that_a_class_needs_travel_with_it_and_no_others(project):
    files = own(project)
    carried = {name.removeprefix("code/") for name in files} - {"code.json"}
    assert carried == set(SOURCES) - {"parts/unused.py", "train.py"}


def test_code_runs_from_what_came_with_the_model_whatever_the_project_says_now(project, tmp_path):
    old = Carried(stored(own(project), tmp_path / "old"))
    (project / "parts" / "late.py").write_text("FACTOR = 1000\n")
    new = Carried(stored(own(project), tmp_path / "new"))
    for name in SOURCES:
        (project / name).unlink()
    assert old("line", "Line")().predict([(1, 2)]) == [40]
    assert new("line", "Line")().predict([(1, 2)]) == [4000]
    assert old("line", "Line")().predict([(1, 2)]) == [40]
    assert old("line", "Line").__module__ in sys.modules


def test_a_package_that_is_imported_from_a_folder_of_its_own_travels_too(project, tmp_path, monkeypatch):
    for name in ("line.py", "parts/sums.py", "parts/names.py", "parts/late.py", "parts/__init__.py"):
        (project / "src" / "line_of_src" / name).parent.mkdir(parents=True, exist_ok=True)
        source = (
            SOURCES[name]
            .replace("from parts", "from line_of_src.parts")
            .replace("import parts.deep.inner", "")
        )
        source = source.replace(" + parts.deep.inner.LESS", "")
        (project / "src" / "line_of_src" / name).write_text(source)
    (project / "src" / "line_of_src" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(project / "src"))
    module = importlib.import_module("line_of_src.line")
    assert module.Line().predict([(1, 2)]) == [41]  # imports what predicting needs
    files = gathered(module.Line(), project)
    assert "code/src/line_of_src/parts/late.py" in files
    for name in [one for one in sys.modules if one.startswith("line_of_src")]:
        del sys.modules[name]
    shutil.rmtree(project / "src")
    carried = Carried(stored(files, tmp_path / "kept"))
    assert carried("line_of_src.line", "Line")().predict([(1, 2)]) == [41]


def test_equal_code_has_one_digest_and_other_code_another(project):
    files = {name: str(hash(data)) for name, data in own(project).items()}
    assert digest_of_code(files) == digest_of_code({**files, "model.bin": "x"})
    assert digest_of_code(files) != digest_of_code({**files, "code/line.py": "x"})
    assert digest_of_code({"model.bin": "x"}) == ""


def test_a_class_of_an_installed_package_or_of_no_file_does_not_travel(tmp_path):
    with pytest.raises(Untrusted, match="no class of the project's own code"):
        gathered(json.JSONDecoder(), tmp_path)
    with pytest.raises(Untrusted, match="no class of the project's own code"):
        gathered(type("Nowhere", (), {"__module__": "nowhere"})(), tmp_path)


@pytest.mark.parametrize(
    "manifest",
    [
        "[]", "{", '{"line": "../line.py"}', '{"line": "/etc/passwd.py"}', '{"line": 3}', '{"line": "no.py"}',
        '{"li ne": "line.py"}', '{"line": "line.txt"}',
    ],
)  # fmt: skip
def test_a_manifest_that_leads_elsewhere_is_corrupt(tmp_path, manifest):
    stored(
        {"code/line.py": b"", "code/line.txt": b"", "line.py": b"", "code.json": manifest.encode()}, tmp_path
    )
    with pytest.raises(Corrupt, match=r"code\.json"):
        Carried(tmp_path)


@pytest.mark.parametrize(
    ("source", "error", "complaint"),
    [
        ("1 / 0", PredictionFailed, r"line\.py, line 1\): ZeroDivisionError"),
        ("import no_such_module_here", NotInstalled, "no_such_module_here"),
        ("import line.more", NotInstalled, "line.more"),
        ("class Other: pass", Corrupt, "has no 'Line'"),
        ("class Line(:", PredictionFailed, "SyntaxError"),
    ],
)
def test_code_that_does_not_run_says_why_and_where(tmp_path, source, error, complaint):
    stored({"code/line.py": source.encode(), "code.json": b'{"line": "line.py"}'}, tmp_path)
    with pytest.raises(error, match=complaint):
        Carried(tmp_path)("line", "Line")


@pytest.mark.parametrize(
    "name", ["Popen", "subprocess.Popen", "Line.__class__", "Line.__init__.__globals__", "total"]
)
def test_a_class_that_the_code_only_imports_cannot_be_asked_for(tmp_path, name):
    source = b"import subprocess\nfrom subprocess import Popen\nclass Line: pass\ntotal = 3\n"
    stored({"code/line.py": source, "code.json": b'{"line": "line.py"}'}, tmp_path)
    with pytest.raises(Corrupt):
        Carried(tmp_path)("line", name)
    assert Carried(tmp_path)("line", "Line").__name__ == "Line"


def test_what_code_prints_while_it_is_imported_stays_off_stdout(tmp_path, capsys):
    stored({"code/a.py": b"print('hello')\nclass Line: pass\n", "code.json": b'{"a": "a.py"}'}, tmp_path)
    Carried(tmp_path)("a", "Line")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "hello\n")

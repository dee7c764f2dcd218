"""Deleting a spoke's folder and its entry point leaves everything else working."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GONE = "api_v2"

# Import of the deleted spoke must fail even where the checkout itself is installed in editable mode.
BLOCK = f"""
import sys
class _Gone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "{GONE}":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, _Gone())
"""

# What depends on spokes at all; the rooms below them are proved independent by tests/test_architecture.py.
AFFECTED = ["tests/contract", "tests/http", "tests/server", "tests/testing", "tests/test_four_views.py"]


@pytest.mark.timeout(300)
def test_without_v2_everything_else_passes(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(
        ROOT,
        copy,
        ignore=shutil.ignore_patterns(
            ".git", ".venv", "*.egg-info", "build", "dist", "data", "__pycache__", ".*_cache"
        ),
    )
    shutil.rmtree(copy / GONE)
    shutil.rmtree(copy / "tests" / "contract" / "v2", ignore_errors=True)
    setup = (copy / "setup.cfg").read_text()
    (copy / "setup.cfg").write_text(
        setup.replace(f"    v2 = {GONE}:GENERATION\n", "").replace(f"    {GONE}*\n", "")
    )
    (copy / "sitecustomize.py").write_text(BLOCK)
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    metadata = "from setuptools import setup; setup(script_args=['-q', 'egg_info'])"
    subprocess.run([sys.executable, "-c", metadata], cwd=copy, env=environment, check=True, timeout=60)

    left = "from emqx_compat.http.generation import generations; print(*[g.name for g in generations()])"
    found = subprocess.run([sys.executable, "-c", left], cwd=copy, env=environment, capture_output=True, text=True)
    assert found.stdout.split() == ["v3", "v4", "v5"], found.stderr

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-n", "2", *AFFECTED],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]

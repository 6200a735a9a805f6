"""Build hook: the web app is built into the package, where npm is at hand."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebAppHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds `ui/` before the files of a wheel or sdist are collected.

    Nothing is done where the web app is current, as in an unpacked sdist, and for editable
    installs, for which `dev.py` builds it.
    """

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the web app.

        Args:
            version: "standard" or "editable".
            build_data: Of hatchling.
        """
        script = Path(self.root) / "ui" / "build_ui.py"
        if version == "editable" or not script.is_file():
            return
        if not _loaded(script).build(self.app.display_info):
            self.app.display_warning("The package is built without its web app.")


def _loaded(script: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_ui", script)
    assert spec is not None, "a file of Python has a loader"
    assert spec.loader is not None, "a file of Python has a loader"
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

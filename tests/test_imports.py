"""Imports run one way, so that recording needs no torch and learning needs no pygame."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LEAF = {"teleop.frame", "teleop.errors"}
PARTS = LEAF | {"teleop.road", "teleop.loop"}
SEAT = {"teleop.window", "teleop.bindings", "teleop.pen"}
ALLOWED: dict[str, set[str]] = {
    # The shared leaf: values, errors, and the format with its reader.
    "teleop": set(),
    "teleop.errors": set(),
    "teleop.frame": {"teleop.errors", "teleop.road"},
    "teleop.road": set(),
    "teleop.clock": set(),
    "teleop.udacity": LEAF,
    "teleop.metadata": LEAF,
    "teleop.archive": set(),
    "teleop.session": LEAF | {"teleop.metadata", "teleop.archive"},
    # What is written, and checked.
    "teleop.durable": set(),
    "teleop.episode_writer": LEAF | {"teleop.session", "teleop.durable"},
    "teleop.writer": LEAF | {"teleop.session", "teleop.metadata", "teleop.durable", "teleop.episode_writer"},
    "teleop.editing": LEAF
    | {f"teleop.{part}" for part in ("archive", "disk", "durable", "editing", "episode_writer", "library", "metadata")}
    | {"teleop.session", "teleop.writer"},
    "teleop.mending": {"teleop"},
    "teleop.marks_command": {"teleop"},
    "teleop.purge_command": {"teleop"},
    "teleop.joining_command": {"teleop"},
    "teleop.sessions_command": {"teleop"},
    "teleop.laws": LEAF | {"teleop.session", "teleop.loop"},
    "teleop.rendering": LEAF | {"teleop.session", "teleop.loop", "teleop.laws", "teleop.worlds"},
    "teleop.library": LEAF
    | {f"teleop.{part}" for part in ("disk", "session", "loop", "laws", "metadata", "rendering")},
    "teleop.compact_command": {"teleop"},
    "teleop.layers": LEAF | {f"teleop.{part}" for part in ("durable", "editing", "metadata", "session", "writer")},
    "teleop.exchange": LEAF
    | {f"teleop.{part}" for part in ("exchange", "session", "writer", "episode_writer", "udacity", "words")}
    | {"teleop.pen", "teleop.replay"},
    # The loop knows Protocols, the parts know the vocabulary.
    "teleop.loop": LEAF | {"teleop.road", "teleop.clock"},
    "teleop.gates": LEAF,
    "teleop.ghost": LEAF | {"teleop.road"},
    "teleop.autonomy": set(),
    "teleop.worlds": PARTS | {"teleop.pen", "teleop.udacity", "teleop.worlds"},
    "teleop.drivers": PARTS | {"teleop.drivers"},
    "teleop.devices": PARTS | SEAT | {"teleop.devices", "teleop.ghost"},
    "teleop.sinks": PARTS
    | SEAT
    | {
        "teleop.layers",
        "teleop.sounds",
        "teleop.track_map",
        "teleop.sinks",
        "teleop.session",
        "teleop.writer",
        "teleop.episode_writer",
    }
    | {"teleop.autonomy", "teleop.ghost", "teleop.words"},
    # What a person sees.
    "teleop.pen": set(),
    "teleop.bindings": LEAF,
    "teleop.window": LEAF | SEAT,
    "teleop.track_map": {"teleop.road", "teleop.pen"},
    "teleop.sounds": set(),
    "teleop.settings": LEAF | {f"teleop.{part}" for part in ("bindings", "devices", "durable", "settings")},
    "teleop.workbench": PARTS | SEAT | {"teleop.devices", "teleop.workbench"},
    "teleop.hands": LEAF | {"teleop.devices", "teleop.settings"},
    "teleop.experts": PARTS | {"teleop.devices", "teleop.drivers"},
    "teleop.screens": PARTS
    | SEAT
    | {
        f"teleop.{part}"
        for part in ("best", "clock", "devices", "disk", "screens", "sinks", "sounds", "track_map", "words")
    },
    "teleop.best": LEAF | {"teleop.session"},
    "teleop.disk": LEAF,
    "teleop.tracks": LEAF,
    "teleop.logbook": LEAF | {"teleop.best", "teleop.session", "teleop.sinks", "teleop.writer"},
    "teleop.arguments": set(),
    "teleop.progress": set(),
    "teleop.workers": set(),
    "teleop.words": set(),
    "teleop.report": PARTS
    | {f"teleop.{part}" for part in ("report", "evaluate", "editing", "library", "session", "shift", "sinks", "words")}
    | {f"teleop.{part}" for part in ("bank", "budget", "burden", "dagger", "rendering", "rounds", "takeovers")},
    # Commands wire the parts; policy reaches them as an argument, by learners alone.
    "teleop.takeovers": LEAF | {"teleop.session"},
    "teleop.bank": {"teleop"},
    "teleop.bank_command": {"teleop"},
    "teleop.budget": {"teleop"},
    "teleop.budget_command": {"teleop"},
    "teleop.spending": {"teleop"},
    "teleop.dagger": set(),
    "teleop.rounds": {"teleop"},
    "teleop.rounds_driving": {"teleop"},
    "teleop.journal": LEAF | {"teleop.durable", "teleop.results"},
    "teleop.attended": set(),
    "teleop.results": LEAF,
    "teleop.chores": LEAF | {"teleop.errors"},
    "teleop.evaluate": PARTS
    | {f"teleop.{part}" for part in ("clock", "devices", "gates", "progress", "workers", "worlds")},
    "teleop.shift": {"teleop"},
    "teleop.shift_command": {"teleop"},
    "teleop.record": LEAF | {"teleop.arguments", "teleop.recording"},
    "teleop.recording": {"teleop"},
    "teleop.retake_command": LEAF | {"teleop.arguments", "teleop.record", "teleop.mending"},
    "teleop.relabel_command": LEAF | {"teleop.arguments", "teleop.record", "teleop.mending"},
    "teleop.again": PARTS,
    "teleop.burden": LEAF | {"teleop.autonomy"},
    "teleop.dagger_command": LEAF | {"teleop.arguments", "teleop.record"},
    "teleop.collecting": {"teleop"},
    "teleop.correcting": {"teleop"},
    "teleop.sitting": {"teleop"},
    "teleop.demo": {"teleop"},
    "teleop.watch": {"teleop"},
    "teleop.replay": PARTS
    | SEAT
    | {
        "teleop.clock",
        "teleop.editing",
        "teleop.ghost",
        "teleop.laws",
        "teleop.rendering",
        "teleop.replay",
        "teleop.session",
    }
    | {"teleop.sinks", "teleop.track_map", "teleop.worlds"},
    "teleop.replay_command": {"teleop"},
    "teleop.udacity_driving": {"teleop"},
    "teleop.udacity_command": LEAF | {"teleop.loop", "teleop.udacity", "teleop.udacity_driving"},
    "teleop.doctor": {"teleop"},
    "teleop.checkup": {"teleop"},
    "teleop.devices_command": {"teleop"},
    "teleop.export_command": {"teleop"},
    "teleop.import_command": {"teleop"},
    "teleop.learners": {"teleop", "policy"},
    "teleop.cli": {"teleop"},
    "teleop.__main__": {"teleop.cli"},
    # Learning: pixels in, actions out, and nothing of pygame or gymnasium.
    "policy": set(),
    "policy.vision": LEAF | {"teleop.udacity"},
    "policy.heads": LEAF,
    "policy.models": {"policy.heads", "policy.vision"},
    "policy.kinds": set(),
    "policy.rows": LEAF | {"teleop.session"},
    "policy.labels": LEAF | {"teleop.session", "policy.kinds"},
    "policy.filters": {"teleop.session"},
    "policy.weights": LEAF | {"policy.kinds"},
    "policy.augment": LEAF | {"policy.rows", "policy.vision"},
    "policy.road_augment": LEAF | {"policy.rows", "policy.vision"},
    "policy.udacity": LEAF | {"policy.rows", "policy.vision"},
    "policy.worlds": LEAF
    | {"teleop.session"}
    | {f"policy.{part}" for part in ("augment", "batches", "config", "models", "road_augment", "rows")}
    | {"policy.udacity", "policy.vision"},
    "policy.batches": {"policy.augment", "policy.kinds", "policy.rows"},
    "policy.dataset": LEAF
    | {"teleop.session"}
    | {f"policy.{part}" for part in ("filters", "labels", "rows", "udacity", "vision")},
    "policy.beginning": LEAF | {f"policy.{part}" for part in ("checkpoint", "config", "heads", "models", "vision")},
    "policy.run_folder": set(),
    "policy.metrics": {"policy.run_folder"},
    "policy.candidates": {"policy.run_folder"},
    "policy.interrupts": set(),
    "policy.resume": LEAF | {"policy.checkpoint", "policy.config", "policy.metrics"},
    "policy.keeper": {
        f"policy.{part}" for part in ("candidates", "checkpoint", "config", "resume", "rows", "run_folder", "vision")
    },
    "policy.selection": LEAF | {"policy.checkpoint"},
    "policy.config": LEAF | {"policy.filters", "policy.kinds", "policy.weights", "teleop.results"},
    "policy.checkpoint": LEAF | {"policy.heads", "policy.models", "policy.vision"},
    "policy.learner": LEAF | {"policy.checkpoint", "policy.models", "policy.vision"},
    "policy.offline": LEAF | {f"policy.{part}" for part in ("checkpoint", "kinds", "labels", "models", "rows")},
    "policy.evaluate_command": {f"policy.{part}" for part in ("checkpoint", "dataset", "kinds", "offline")}
    | {"teleop.results"},
    "policy.inspection": {"policy.checkpoint"},
    "policy.inspect_command": {"policy.checkpoint", "policy.inspection"},
    "policy.saliency": LEAF | {"policy.models", "policy.vision"},
    "policy.glances": LEAF
    | {"teleop.session"}
    | {f"policy.{part}" for part in ("checkpoint", "labels", "learner", "saliency")},
    "policy.pictures": LEAF | {"policy.glances", "policy.saliency"},
    "policy.saliency_command": {
        "teleop.results",
        "teleop.session",
        "policy.checkpoint",
        "policy.dataset",
        "policy.glances",
        "policy.labels",
        "policy.pictures",
    },
    "policy.train": LEAF | {"teleop.session", "policy"},
    "policy.train_command": LEAF
    | {"policy.selection"}
    | {"policy.config", "policy.metrics", "policy.train", "policy.batches", "policy.worlds"},
    "policy.cli": LEAF | {"teleop.session", "policy"},
    "policy.__main__": {"policy.cli"},
}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """Our own modules that a file imports; `from package import module` counts as the module."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module in ("teleop", "policy"):
            modules.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.add(node.module)
        elif isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
    return {module for module in modules if module.split(".")[0] in ("teleop", "policy")}


def rule_for(module: str) -> str:
    return ".".join(module.split(".")[:2])


def may_import(rule: set[str], module: str) -> bool:
    return any(module == allowed or module.startswith(allowed + ".") for allowed in rule)


@pytest.mark.parametrize("path", sorted([*ROOT.glob("teleop/**/*.py"), *ROOT.glob("policy/**/*.py")]), ids=module_name)
def test_every_module_imports_only_what_the_table_allows(path: Path) -> None:
    rule = ALLOWED[rule_for(module_name(path))]
    forbidden = {module for module in imports_of(path) if not may_import(rule, module)}
    assert not forbidden


def modules_loaded_by(code: str) -> set[str]:
    script = f"{code}\nimport sys; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_importing_teleop_costs_nothing() -> None:
    assert "numpy" not in modules_loaded_by("import teleop")


def test_the_teleop_command_loads_no_torch_and_no_simulator_before_it_needs_them() -> None:
    assert modules_loaded_by("import teleop.cli").isdisjoint({"torch", "pygame", "gymnasium", "zarr", "matplotlib"})


def test_recording_loads_no_torch() -> None:
    code = "import teleop.record, teleop.sinks.recorder, teleop.sinks.hud, teleop.worlds.track, teleop.sitting"
    assert "torch" not in modules_loaded_by(code)

"""In whose world a policy will drive: what it learns from decides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from policy import udacity
from policy.augment import Astray, SettingOff
from policy.batches import Augment
from policy.config import TrainConfig
from policy.models import vision_of
from policy.road_augment import AstrayOnRoad
from policy.rows import Rows
from policy.vision import SCENES, Vision, World
from teleop.errors import UsageError
from teleop.session import existing_path, session_attrs

SHIFT, TURN_DEG = 1.0, 4.0
"""On CarRacing's tracks, unless told otherwise: standard deviations in track units and degrees, chosen on validation
tracks (tests/experiments/choices.py)."""


def world_of(sessions: Sequence[Path]) -> World:
    """The world of the first of these sessions, by its pictures; SessionError when it can't be opened."""
    shape = tuple(session_attrs(existing_path(sessions[0]))["observation_shape"])
    worlds = (world for world, scene in SCENES.items() if scene.shape == shape)
    return next(worlds, "CarRacing-v3")


def vision_for(config: TrainConfig) -> Vision:
    """How the policy will see; UsageError where the world does not offer what is asked for."""
    if world_of(config.sessions) == "CarRacing-v3":
        return vision_of(config.arch, native=config.native, dashboard=config.dashboard, speed=config.speed)
    asked = {"native": config.native, "dashboard": config.dashboard, "setting-off": config.setting_off}
    refused = [f"--arch {config.arch}"] if config.arch != "pilotnet" else []
    refused += [f"--{option}" for option, wanted in asked.items() if wanted]
    if refused:
        raise UsageError(
            f"in Udacity's world pilotnet alone can be trained, as it was published; got {', '.join(refused)}, and "
            f"{config.sessions[0]} is of that world: use --arch pilotnet and leave the rest out"
        )
    return udacity.SEEN


def augmentations(config: TrainConfig, vision: Vision, rows: Rows) -> list[Augment]:
    """What changes each batch of `rows`, in order."""
    usual_shift, usual_turn_deg = (SHIFT, TURN_DEG) if vision.pedals else (0.0, 0.0)
    shift = usual_shift if config.shift is None else config.shift
    turn_deg = usual_turn_deg if config.turn_deg is None else config.turn_deg
    found: list[Augment] = []
    if shift or turn_deg:
        found.append((Astray if vision.pedals else AstrayOnRoad)(vision, shift, turn_deg))
    if config.setting_off:
        found.append(SettingOff.of(rows, config.setting_off))
    return found

"""A trained policy that drives: one observation in, one action out, no memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from policy.checkpoint import load_checkpoint
from policy.models import Network
from policy.vision import Vision, see
from teleop.frame import ACTION_HIGH, ACTION_LOW, Action, Image


class Learner:
    """Acts on observations of the world it was trained for.

    Loading sets torch to one thread: the network is so small that waking a second one costs more than it saves, and
    inside a 20 ms tick it would compete with the window and the recorder.
    """

    def __init__(self, model: Network, vision: Vision, name: str = "", sha256: str = "") -> None:
        # Channels-last is how pictures arrive; where the weights lie so too, nothing is turned around on the way.
        self._model = model.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._vision = vision
        self.name = name
        """The checkpoint's file name."""
        self.sha256 = sha256
        """Of the checkpoint's file, hex."""
        self.observation_shape = vision.scene.shape
        """What it acts on: (96, 96, 3) of CarRacing-v3, or (160, 320, 3) of Udacity's simulator."""

    @classmethod
    def load(cls, path: str | Path) -> Learner:
        """The policy in a checkpoint; policy.checkpoint.CheckpointError when it is not one."""
        torch.set_num_threads(1)
        path = Path(path)
        checkpoint = load_checkpoint(path)
        return cls(checkpoint.build(), checkpoint.vision, path.name, checkpoint.sha256)

    def reset(self) -> None:
        """A new episode begins. Nothing to forget: the policy sees one observation at a time."""

    def act(self, observation: Image) -> Action:
        """The action for one observation, uint8 of `observation_shape`: float32 (3,), in range.

        In Udacity's world it is steering, 0, 0. ValueError for another shape or type.
        """
        with torch.inference_mode():
            actions = self._model.act(*self._seen(observation))  # (1, 3)
        return np.clip(np.asarray(actions[0], np.float32), ACTION_LOW, ACTION_HIGH)

    def features(self, observation: Image) -> npt.NDArray[np.float32]:
        """What the network's last layer decides by, float32 (F,): how alike two observations are to this policy."""
        with torch.inference_mode():
            return np.asarray(self._model.features(*self._seen(observation))[0], np.float32)

    def _seen(self, observation: Image) -> tuple[Tensor, Tensor]:
        """A batch of one view, uint8 (1, height, width, 3), and its speed, float32 (1,)."""
        view, speed = see(observation, self._vision)
        return torch.from_numpy(view)[None], torch.tensor([speed], dtype=torch.float32)

"""The networks: from a view and a speed to an action. Shapes stand at the line ends; B is the batch.

K is how many numbers the head wants for each action: 1 in a regression. ReLUs work in place, because fresh memory for
every result costs a few percent.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from policy.heads import HEADS, Head, one_pedal
from policy.vision import ALL_ROWS, OBSERVATION_SHAPE, VIEW_ROWS, Vision

BC_SPEED, PILOTNET_SPEED = 100.0, 5.0
"""Track units a second that a network is told as 1. For BC about the fastest a good driver goes. For PilotNet, whose
layers serve the steering first, it has to be loud among 1152 features: told as 100 or 20 to 1 they had not found the
speed within 2000 steps (validation loss 0.13), as 5 to 1 within 1000 (0.066)."""
REGRESSION = HEADS["mse"]


def normalise(view: Tensor) -> Tensor:
    """uint8 pictures (B, height, width, 3) as float32 (B, 3, height, width) in [-1, 1].

    Done here, not in the data, so that memory holds one byte a value. In place, because fresh memory for every
    intermediate result would cost a tenth of a training step. The result is channels-last, which suits convolutions.
    """
    return view.float().div_(127.5).sub_(1.0).permute(0, 3, 1, 2)  # (B, 3, height, width)


class Network(nn.Module, ABC):
    """What every architecture offers."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.head = head

    @staticmethod
    @abstractmethod
    def vision(rows: int) -> Vision:
        """How this architecture sees `rows` rows of an observation, 84 or 96."""

    @property
    @abstractmethod
    def convolutions(self) -> nn.Sequential:
        """The convolutions that steer, each with its ReLU, then the flattening; from `normalise`d pictures on."""

    @abstractmethod
    def forward(self, view: Tensor, speed: Tensor) -> Tensor:
        """The head's numbers for each view, (B, 3K): those of steering first.

        `view` is uint8 (B, height, width, 3), `speed` float32 (B,) in track units a second.
        """

    @abstractmethod
    def features(self, view: Tensor, speed: Tensor) -> Tensor:
        """What its last layers decide by, (B, F); arguments as for `forward`."""

    def act(self, view: Tensor, speed: Tensor) -> Tensor:
        """The action for each view, (B, 3), not yet clipped to its range; arguments as for `forward`."""
        return one_pedal(self.head.decode(self(view, speed)))


class BC(Network):
    """A small network for behavioral cloning: one tower steers, another works the pedals.

    They share nothing: what counts for the wheel is where the road goes, what counts for the pedals how sharply.
    """

    def __init__(self, vision: Vision, head: Head = REGRESSION) -> None:
        super().__init__(head)
        self.steering = _Tower(self._layers(), vision, (64, head.values), BC_SPEED)
        self.pedals = _Tower(self._layers(), vision, (64, 2 * head.values), BC_SPEED)

    @staticmethod
    def _layers() -> nn.Sequential:
        return nn.Sequential(  # (B, 3, 42, 48)
            nn.Conv2d(3, 16, kernel_size=6, stride=3),  # (B, 16, 13, 15)
            nn.ReLU(inplace=True),
            nn.Conv2d(16, 32, kernel_size=3, stride=2),  # (B, 32, 6, 7)
            nn.ReLU(inplace=True),
            nn.Conv2d(32, 48, kernel_size=3),  # (B, 48, 4, 5)
            nn.ReLU(inplace=True),
            nn.Flatten(),  # (B, 960)
        )

    @staticmethod
    def vision(rows: int) -> Vision:
        return Vision(width=48, height=rows // 2, rows=rows)

    @property
    def convolutions(self) -> nn.Sequential:
        return self.steering.convolutions

    def forward(self, view: Tensor, speed: Tensor) -> Tensor:
        pictures = normalise(view)  # (B, 3, 42, 48)
        return torch.cat([self.steering(pictures, speed), self.pedals(pictures, speed)], dim=1)  # (B, 3K)

    def features(self, view: Tensor, speed: Tensor) -> Tensor:
        pictures = normalise(view)  # (B, 3, 42, 48)
        towers = (self.steering, self.pedals)
        return torch.cat([tower.features(pictures, speed) for tower in towers], dim=1)  # (B, 128)


class PilotNet(Network):
    """The network of "End to End Learning for Self-Driving Cars" (Bojarski and others, 2016, arXiv 1604.07316).

    Five convolutions without padding and three hidden layers over a 66x200 YUV picture: 252,219 parameters where it
    answers steering alone, as published, 252,241 with gas and brake. The paper's figure says 1164 neurons after the
    flattening, but its own shapes make 1152, and so do its 250 thousand parameters. It names neither normalisation nor
    activation: here they are x / 127.5 - 1, hard-coded, and ReLU.

    The published network only steers and is told no speed. Where the vision tells it, as it does by default because
    pedals need it, the speed joins the flattened picture and costs 100 parameters. A native view of 84x96 keeps every
    convolution and leaves 960 features: 233,019 parameters with steering alone.

    Where the vision leaves the pedals to others, it answers steering alone; the pedals' numbers are then 0.
    """

    def __init__(self, vision: Vision, head: Head = REGRESSION, actions: int = 3) -> None:
        super().__init__(head)
        self.pedals = vision.pedals
        actions = actions if vision.pedals else 1
        layers = nn.Sequential(  # (B, 3, 66, 200)
            nn.Conv2d(3, 24, kernel_size=5, stride=2),  # (B, 24, 31, 98)
            nn.ReLU(inplace=True),
            nn.Conv2d(24, 36, kernel_size=5, stride=2),  # (B, 36, 14, 47)
            nn.ReLU(inplace=True),
            nn.Conv2d(36, 48, kernel_size=5, stride=2),  # (B, 48, 5, 22)
            nn.ReLU(inplace=True),
            nn.Conv2d(48, 64, kernel_size=3),  # (B, 64, 3, 20)
            nn.ReLU(inplace=True),
            nn.Conv2d(64, 64, kernel_size=3),  # (B, 64, 1, 18)
            nn.ReLU(inplace=True),
            nn.Flatten(),  # (B, 1152)
        )
        self.tower = _Tower(layers, vision, (100, 50, 10, actions * head.values), PILOTNET_SPEED)

    @staticmethod
    def vision(rows: int) -> Vision:
        return Vision(width=200, height=66, colour="YUV", rows=rows, speed=False)

    @property
    def convolutions(self) -> nn.Sequential:
        return self.tower.convolutions

    def forward(self, view: Tensor, speed: Tensor) -> Tensor:
        outputs: Tensor = self.tower(normalise(view), speed)  # (B, 3K), or (B, K) without pedals
        return outputs if self.pedals else functional.pad(outputs, (0, 2 * self.head.values))  # (B, 3K)

    def act(self, view: Tensor, speed: Tensor) -> Tensor:
        actions = super().act(view, speed)  # (B, 3)
        return actions if self.pedals else functional.pad(actions[:, :1], (0, 2))

    def features(self, view: Tensor, speed: Tensor) -> Tensor:
        return self.tower.features(normalise(view), speed)  # (B, 10)


class _Tower(nn.Module):
    """Convolutions, then the speed where it is told, then fully connected layers of the given widths."""

    def __init__(self, convolutions: nn.Sequential, vision: Vision, widths: Sequence[int], speed_of_one: float) -> None:
        super().__init__()
        self.told_speed, self.speed_of_one = vision.speed, speed_of_one
        self.convolutions = convolutions
        self.head = nn.Sequential()
        width = _flattened(convolutions, vision) + vision.speed
        for outputs in widths:
            self.head.extend([nn.Linear(width, outputs), nn.ReLU(inplace=True)])
            width = outputs
        self.head.pop(-1)  # the outputs have any sign

    def forward(self, pictures: Tensor, speed: Tensor) -> Tensor:
        return _through(self.head, self._seen(pictures, speed))  # (B, outputs)

    def features(self, pictures: Tensor, speed: Tensor) -> Tensor:
        """What the last layer gets, (B, width)."""
        return _through(list(self.head)[:-1], self._seen(pictures, speed))  # (B, width)

    def _seen(self, pictures: Tensor, speed: Tensor) -> Tensor:
        """The flattened pictures, and the speed where it is told: (B, N), or (B, N + 1)."""
        seen = _through(self.convolutions, pictures)  # (B, N)
        return torch.cat([seen, speed[:, None] / self.speed_of_one], dim=1) if self.told_speed else seen


def _through(layers: Iterable[nn.Module], inputs: Tensor) -> Tensor:
    """What a row of layers makes of its inputs. Each is called past nn.Module's hooks, which cost a tenth of an action
    and are not used here."""
    for layer in layers:
        inputs = layer.forward(inputs)
    return inputs


def _flattened(convolutions: nn.Sequential, vision: Vision) -> int:
    """How many features convolutions without padding leave of a picture; ValueError when they leave none."""
    height, width, channels = vision.height, vision.width, 3
    for layer in convolutions:
        if isinstance(layer, nn.Conv2d):
            height = (height - layer.kernel_size[0]) // layer.stride[0] + 1
            width = (width - layer.kernel_size[1]) // layer.stride[1] + 1
            channels = layer.out_channels
    if height < 1 or width < 1:
        raise ValueError(f"a view of {vision.height}x{vision.width} is too small for this architecture's convolutions")
    return channels * height * width


ARCHITECTURES: Mapping[str, type[BC] | type[PilotNet]] = {"bc": BC, "pilotnet": PilotNet}
"""By the name that `--arch` takes and a checkpoint holds."""


def vision_of(arch: str, *, native: bool, dashboard: bool, speed: bool) -> Vision:
    """How an architecture sees: its own way, but for what is asked for.

    `native` keeps the observation's own pixels, `dashboard` shows the rows below the view, `speed` tells the speed.
    """
    rows = ALL_ROWS if dashboard else VIEW_ROWS
    vision = replace(ARCHITECTURES[arch].vision(rows), speed=speed)
    return replace(vision, height=rows, width=OBSERVATION_SHAPE[1]) if native else vision

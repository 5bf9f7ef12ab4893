"""What of a long piece of work is done, kept in one JSON file, so that a kill costs only what was being done."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from teleop.durable import PARTIAL, encoded_json, plain, replace_file
from teleop.errors import UsageError, UserError
from teleop.results import check_folder


class Journal:
    """A folder with files that are made once each, and the JSON file that says which, and what making them took.

    with Journal(out, "rounds.json", plan) as journal:
        if "learner-1.safetensors" not in journal:
            with journal.making("learner-1.safetensors") as file:
                ...  # write `file`
            journal.note("learner-1.safetensors", seconds=41.2)
    """

    def __init__(self, folder: Path, name: str, plan: Mapping[str, Any]) -> None:
        """`plan` is what all that is made depends on; numbers and words, as JSON holds them."""
        self.folder, self._file, self._plan = folder, folder / name, plan
        self._lock = FileLock(folder / f".{name}.lock")

    def check(self) -> None:
        """UsageError when the folder was begun with another plan. Whoever is at work in it is not disturbed."""
        self._kept()

    def __enter__(self) -> Self:
        """UsageError when the folder holds something else; UserError when another process is at it."""
        check_folder(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise UserError(f"{self.folder} is being worked in by another process: wait for it, or end it") from error
        try:
            self._read()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._lock.release()

    def _read(self) -> None:
        ours = {Path(self._lock.lock_file).name, self._file.name + PARTIAL}  # the latter left by a kill
        others = [path.name for path in self.folder.iterdir() if path.name not in ours]
        if others and not self._file.exists():
            raise UsageError(f"{self.folder} holds something else ({others[0]}): choose another --out, or an empty one")
        self._done = self._kept()
        for left in self.folder.glob("making-*"):  # by a kill; whoever still writes there is writing for nobody
            shutil.rmtree(left, ignore_errors=True)
        self._save()

    def _kept(self) -> dict[str, dict[str, Any]]:
        """What is done by now, after the same plan."""
        if not self._file.exists():
            return {}
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            plan, done = kept["plan"], kept["done"]
        except (ValueError, KeyError, TypeError):
            plan, done = None, None
        if not isinstance(plan, dict) or not isinstance(done, dict):
            raise UserError(f"{self._file} says what is done; it is damaged: restore it, or choose another --out")
        _check_same(self._file, plan, self._plan)
        return done

    def __contains__(self, name: str) -> bool:
        return name in self._done and (self.folder / name).exists()

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        """What was noted of it."""
        return self._done[name]

    def note(self, name: str, **known: Any) -> None:
        """It is done, and this is known of it; on disk when this returns."""
        self._done[name] = known
        self._save()

    @contextmanager
    def making(self, name: str) -> Iterator[Path]:
        """Where to make it: it appears in the folder whole, or not at all."""
        with tempfile.TemporaryDirectory(prefix="making-", dir=self.folder, ignore_cleanup_errors=True) as work:
            yield Path(work) / name
            made = self.folder / name
            if made.is_dir():  # a kill came before it was noted, and a folder takes no folder's place
                shutil.rmtree(made)
            (Path(work) / name).replace(made)

    def _save(self) -> None:
        replace_file(self._file, encoded_json(plain({"plan": self._plan, "done": self._done})))


def _check_same(file: Path, kept: Mapping[str, Any], plan: Mapping[str, Any]) -> None:
    for name, value in plan.items():
        if kept.get(name) != value:
            raise UsageError(
                f"{file.parent} goes on with what it was begun with: {name} {kept.get(name)}; got {value}: ask for the "
                "same, or choose another --out"
            )

"""What a trainer and a recipe in Python (`models/<name>/train.py`) agree on.

The recipe reads data and returns a trained version, as one in TypeScript does; `main` is all that lies between. It
speaks frames at the descriptors 3 and 4 (docs/training.md, "Any program"), so a recipe may print whatever it likes, and
leaves the files of the version in a folder. `npm run train` and the trainers of `trainModel` run it in the same way.
"""

import csv
import inspect
import json
import math
import os
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


class DataError(Exception):
    """The data cannot be used; the message names the file, what was expected and what came, in one line."""


@dataclass(frozen=True)
class TrainingFiles:
    """Data files, by what they are for. Only `train` may shape the model.

    `holdout` is empty in a training that `trainModel` began: the finished version is judged by Tidings.
    """

    train: list[Path]
    validate: list[Path]
    holdout: list[Path]

    @property
    def all(self) -> list[Path]:
        return [*self.train, *self.validate, *self.holdout]


@dataclass(frozen=True)
class Metric:
    """One figure of an evaluation through ONNX Runtime, in `unit`, on the file `data` (its base name)."""

    data: str
    name: str
    unit: str
    value: float


@dataclass(frozen=True)
class GoldenRow:
    """An input and the output that the training library gives for it, by the names of the manifest."""

    input: dict[str, object]
    output: dict[str, object]


@dataclass(frozen=True)
class TrainedVersion:
    """A trained version of a model. How each part is stored: models/README.md, "A version"."""

    #: The bytes of `model.onnx`: the same data and recipe give the same bytes.
    model: bytes
    metrics: list[Metric]
    golden_rows: list[GoldenRow]
    #: Largest absolute error allowed in golden rows, in the output's unit.
    tolerance: float
    #: More files of the version, such as a tokenizer, by name.
    files: dict[str, bytes] = field(default_factory=dict)


class TrainingRun:
    """One try to train: the third argument of a recipe, if it takes three."""

    def __init__(self, ask: dict[str, object], frames: "_Frames"):
        #: By name, as the manifest has them in `training.params`.
        self.params: dict[str, object] = ask["params"]
        self.seed: int = ask["seed"]
        #: A folder for files of its own, such as checkpoints. It is removed afterwards.
        self.scratch = Path(ask["scratch"])
        checkpoint = ask.get("checkpoint")
        #: The file that an earlier try has given to `checkpoint`; None: it begins from scratch.
        self.resumes_from: Path | None = Path(checkpoint) if checkpoint else None
        self._frames = frames

    @property
    def cancelled(self) -> bool:
        """Whether the training is to end. A recipe that does not look is killed half a second later."""
        return self._frames.cancelled.is_set()

    def progress(self, done: float, of: float | None = None, unit: str = "steps", **metrics: float) -> None:
        """Tells how far it is, and figures such as a loss. Those that are not finite are not shown."""
        shown = {name: float(value) for name, value in metrics.items() if math.isfinite(value)}
        frame = {"type": "progress", "done": float(done), "unit": unit, "metrics": shown}
        self._frames.write(frame if of is None else {**frame, "of": float(of)})

    def checkpoint(self, file: Path | str) -> None:
        """Keeps a file from which a later try can go on. It may be changed afterwards."""
        self._frames.keep(os.path.abspath(file))


class _Frames:
    """The two descriptors. A thread reads, so that a trainer that is gone ends this process even while it computes."""

    def __init__(self):
        for descriptor in (3, 4):
            # Processes that the recipe starts do not get them.
            os.set_inheritable(descriptor, False)
        self._in = os.fdopen(3, "rb", buffering=0)
        self._writing = threading.Lock()
        self._kept = threading.Condition()
        self._keeping: set[str] = set()
        self.cancelled = threading.Event()

    def write(self, header: dict[str, object]) -> None:
        text = json.dumps(header).encode()
        rest = memoryview(struct.pack("<II", len(text), 0) + text)
        with self._writing:
            while len(rest) > 0:
                rest = rest[os.write(4, rest) :]

    def read(self) -> dict[str, object]:
        """The next frame. Ends this process if the trainer has gone."""
        header_bytes, _ = struct.unpack("<II", self._exactly(8))
        return json.loads(self._exactly(header_bytes))

    def keep(self, file: str) -> None:
        with self._kept:
            self._keeping.add(file)
        self.write({"type": "checkpoint", "file": file})
        with self._kept:
            self._kept.wait_for(lambda: file not in self._keeping)

    def listen(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            frame = self.read()
            if frame["type"] == "cancel":
                self.cancelled.set()
            elif frame["type"] == "kept":
                with self._kept:
                    self._keeping.discard(frame["file"])
                    self._kept.notify_all()

    def _exactly(self, count: int) -> bytes:
        read = b""
        while len(read) < count:
            piece = self._in.read(count - len(read))
            if not piece:
                os._exit(1)
            read += piece
        return read


#: A recipe calls its second argument with each step that it has finished, in words. It may take a third argument, a
#: `TrainingRun`.
Recipe = Callable[..., TrainedVersion]


def main(train: Recipe) -> None:
    """Runs a recipe as the trainer asks, and leaves its version in the folder that it names."""
    frames = _Frames()
    frames.write({"type": "ready", "protocol": 1})
    ask = frames.read()
    frames.listen()
    files = TrainingFiles(**{use: [Path(file) for file in ask["files"][use]] for use in ("train", "validate", "holdout")})
    given = (files, lambda step: print(step, flush=True), TrainingRun(ask, frames))
    try:
        _write_version(train(*given[: _count_parameters(train)]), Path(ask["out"]))
    except DataError as error:
        frames.write({"type": "refused", "reason": str(error)})
        return
    frames.write({"type": "trained"})


def _count_parameters(train: Recipe) -> int:
    parameters = inspect.signature(train).parameters.values()
    takes_all = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)
    return 3 if takes_all else min(3, len(parameters))


def _write_version(version: TrainedVersion, out: Path) -> None:
    golden = {"tolerance": version.tolerance, "rows": [asdict(row) for row in version.golden_rows]}
    (out / "model.onnx").write_bytes(version.model)
    for name, content in version.files.items():
        (out / name).write_bytes(content)
    (out / "metrics.json").write_text(json.dumps([asdict(metric) for metric in version.metrics]))
    (out / "golden.json").write_text(json.dumps(golden))


def require_file(file: Path) -> None:
    """Raises DataError unless `file` is a file."""
    if not file.is_file():
        raise DataError(f"{file}: expected a file, got {'a folder' if file.is_dir() else 'nothing by that name'}")


def read_csv(file: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV file with a header line, as texts by column. Raises DataError if one of `columns` is missing."""
    require_file(file)
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            rows = csv.DictReader(lines)
            missing = [name for name in columns if name not in (rows.fieldnames or [])]
            if missing:
                raise DataError(f"{file}: expected the columns {', '.join(columns)}, got none named {', '.join(missing)}")
            return list(rows)
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{file}: expected a CSV file in UTF-8, got: {error}") from error


def read_number(file: Path, row: dict[str, str], column: str) -> float:
    """The number in a row of `read_csv`. Raises DataError if there is none."""
    try:
        return float(row[column])
    except (TypeError, ValueError) as error:
        raise DataError(f"{file}: expected a number as {column}, got {row[column]!r}") from error

"""What the training command and a recipe in Python (`models/<name>/train.py`) agree on.

The command runs `train.py --train <file> ... --out <folder>` and takes from the folder what the recipe has written:
`model.onnx`, `metrics.json`, `golden.json` and any other file of the version. The recipe reads data and returns a trained version, as one in
TypeScript does (`recipe.ts`); `main` is all that lies between. It prints each finished step as one line.
"""

import argparse
import csv
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

#: Exit code for data that cannot be used; the last line on stderr says why. Every other failure is a defect.
UNUSABLE_DATA = 65


class DataError(Exception):
    """The data cannot be used; the message names the file, what was expected and what came, in one line."""


@dataclass(frozen=True)
class TrainingFiles:
    """Data files, by what they are for. Only `train` may shape the model."""

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


#: A recipe calls its second argument with each step that it has finished.
Recipe = Callable[[TrainingFiles, Callable[[str], None]], TrainedVersion]


def main(train: Recipe) -> None:
    """Runs a recipe as the command line asks, and leaves its version in `--out`."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for purpose in ("train", "validate", "holdout"):
        parser.add_argument(f"--{purpose}", type=Path, action="append", default=[])
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    files = TrainingFiles(options.train, options.validate, options.holdout)
    try:
        version = train(files, lambda step: print(step, flush=True))
    except DataError as error:
        print(error, file=sys.stderr)
        sys.exit(UNUSABLE_DATA)
    golden = {"tolerance": version.tolerance, "rows": [asdict(row) for row in version.golden_rows]}
    (options.out / "model.onnx").write_bytes(version.model)
    for name, content in version.files.items():
        (options.out / name).write_bytes(content)
    (options.out / "metrics.json").write_text(json.dumps([asdict(metric) for metric in version.metrics]))
    (options.out / "golden.json").write_text(json.dumps(golden))


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

"""The recipe of `digits`: which digit a picture of 28 × 28 pixels shows. A network of one hidden layer, in NumPy.

Each of the 8 × 8 pictures of the data is enlarged, and put at several places and in several sizes into 28 × 28 pixels,
so that the network also knows digits that are not in the middle. Whether the digit is dark on light or light on dark is
found out in the graph. The model card (README.md) has the figures.
"""

import base64
import gzip
import struct
import zlib
from pathlib import Path

import numpy
import onnxruntime
from graph import Graph
from recipe import DataError, GoldenRow, Metric, TrainedVersion, TrainingFiles, main, require_file

SIDE = 28
CLASSES = 10
#: Averages of 2 × 2 pixels go into the network.
POOL = 2
HIDDEN = 96
#: A picture is drawn so often, each time in another size and at another place.
DRAWINGS = 8
SIZES = range(20, 29, 2)
EPOCHS = 30
BATCH = 64
LEARNING_RATE = 0.1
MOMENTUM = 0.9
WEIGHT_DECAY = 1e-4
SEED = 0
GOLDEN_ROWS = 20

Weights = dict[str, numpy.ndarray]


def train(files: TrainingFiles, report) -> TrainedVersion:
    if len(files.all) != 1:
        raise DataError(f"expected one file, which the recipe splits itself, got {len(files.all)}")
    [file] = files.train
    pictures, digits = read_digits(file)
    report(f"read {file.name}: {len(digits)} pictures")

    random = numpy.random.default_rng(SEED)
    order = random.permutation(len(digits))
    test, training = order[: len(order) // 5], order[len(order) // 5 :]
    drawn = numpy.concatenate([draw(random, pictures[training]) for _ in range(DRAWINGS)])
    weights = fit(random, pool(drawn), numpy.tile(digits[training], DRAWINGS))
    report(f"trained {EPOCHS} epochs on {len(drawn)} drawings of {len(training)} pictures")

    model = encode_model(weights)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    metrics = []
    for name, part in {"training rows": training, "test rows": test}.items():
        pixels = draw(random, pictures[part])
        for ink, shown in {"light on dark": pixels, "dark on light": 255 - pixels}.items():
            [probabilities] = session.run(["probabilities"], {"pixels": shown.astype(numpy.float32)})
            accuracy = float(numpy.mean(probabilities.argmax(axis=1) == digits[part]))
            metrics.append(Metric(f"{file.name}, {name}", f"accuracy, {ink}", "dimensionless", round(accuracy, 6)))
    report(f"evaluated {len(test)} test pictures")

    golden = draw(random, pictures[test[:GOLDEN_ROWS]])
    golden[1::2] = 255 - golden[1::2]
    answers = apply(weights, pool(golden))
    golden_rows = [
        GoldenRow(
            {"picture": {"base64": base64.b64encode(png(picture)).decode()}},
            {"digit": [round(float(value), 6) for value in answer]},
        )
        for picture, answer in zip(golden, answers, strict=True)
    ]
    return TrainedVersion(model, metrics, golden_rows, tolerance=1e-4)


def read_digits(file: Path) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Pictures [n, 8, 8] from 0 to 1, light on dark, and the digits that they show. The file is that of scikit-learn."""
    require_file(file)
    try:
        table = numpy.loadtxt(gzip.open(file, "rt"), delimiter=",")
    except (OSError, ValueError) as error:
        raise DataError(f"{file}: expected the digits of scikit-learn, CSV in gzip, got: {error}") from error
    if table.ndim != 2 or table.shape[1] != 65:
        raise DataError(f"{file}: expected 64 pixels and a digit in each row, got {table.shape[-1]} columns")
    return table[:, :64].reshape(-1, 8, 8) / 16, table[:, 64].astype(int)


def draw(random: numpy.random.Generator, pictures: numpy.ndarray) -> numpy.ndarray:
    """Each picture in a random size, somewhere in 28 × 28 black pixels: whole numbers from 0 to 255."""
    drawn = numpy.zeros((len(pictures), SIDE, SIDE))
    for row, picture in enumerate(pictures):
        size = int(random.choice(SIZES))
        top, left = random.integers(0, SIDE - size + 1, 2)
        drawn[row, top : top + size, left : left + size] = enlarge(picture, size)
    return numpy.round(drawn * 255)


def enlarge(picture: numpy.ndarray, size: int) -> numpy.ndarray:
    """Linear interpolation between the middles of pixels."""
    at = (numpy.arange(size) + 0.5) * len(picture) / size - 0.5
    low = numpy.clip(numpy.floor(at).astype(int), 0, len(picture) - 1)
    high = numpy.clip(low + 1, 0, len(picture) - 1)
    share = numpy.clip(at - low, 0, 1)
    rows = picture[low] * (1 - share)[:, None] + picture[high] * share[:, None]
    return rows[:, low] * (1 - share) + rows[:, high] * share


def pool(pixels: numpy.ndarray) -> numpy.ndarray:
    """The network's inputs [n, 196] of pixels from 0 to 255: how far the averages of 2 × 2 are from the background."""
    cells = pixels.reshape(-1, SIDE // POOL, POOL, SIDE // POOL, POOL).mean(axis=(2, 4)) / 255
    border = numpy.concatenate([cells[:, 0], cells[:, -1], cells[:, :, 0], cells[:, :, -1]], axis=1).mean(axis=1)
    return numpy.abs(cells - numpy.round(border)[:, None, None]).reshape(len(pixels), -1)


def fit(random: numpy.random.Generator, features: numpy.ndarray, digits: numpy.ndarray) -> Weights:
    """Stochastic gradient descent with momentum on the cross entropy, in float64."""
    inputs = features.shape[1]
    weights = {
        "hidden": random.normal(0, numpy.sqrt(2 / inputs), (inputs, HIDDEN)),
        "hidden_bias": numpy.zeros(HIDDEN),
        "output": random.normal(0, numpy.sqrt(1 / HIDDEN), (HIDDEN, CLASSES)),
        "output_bias": numpy.zeros(CLASSES),
    }
    speeds = {name: numpy.zeros_like(values) for name, values in weights.items()}
    targets = numpy.eye(CLASSES)[digits]
    for epoch in range(EPOCHS):
        rate = LEARNING_RATE * (1 - epoch / EPOCHS)
        order = random.permutation(len(features))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            for name, gradient in gradients(weights, features[rows], targets[rows]).items():
                speeds[name] = MOMENTUM * speeds[name] - rate * (gradient + WEIGHT_DECAY * weights[name])
                weights[name] += speeds[name]
    return weights


def gradients(weights: Weights, x: numpy.ndarray, targets: numpy.ndarray) -> Weights:
    hidden = numpy.maximum(x @ weights["hidden"] + weights["hidden_bias"], 0)
    error = (softmax(hidden @ weights["output"] + weights["output_bias"]) - targets) / len(x)
    hidden_error = (error @ weights["output"].T) * (hidden > 0)
    return {
        "hidden": x.T @ hidden_error,
        "hidden_bias": hidden_error.sum(axis=0),
        "output": hidden.T @ error,
        "output_bias": error.sum(axis=0),
    }


def apply(weights: Weights, x: numpy.ndarray) -> numpy.ndarray:
    """The probabilities [n, 10] of inputs [n, 196], float64."""
    hidden = numpy.maximum(x @ weights["hidden"] + weights["hidden_bias"], 0)
    return softmax(hidden @ weights["output"] + weights["output_bias"])


def softmax(scores: numpy.ndarray) -> numpy.ndarray:
    powers = numpy.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def encode_model(weights: Weights) -> bytes:
    """The network with all that comes before it, as an ONNX model."""
    graph = Graph()
    graph.input("pixels", "float32", "grey, from 0 (black) to 255 (white)", [SIDE, SIDE])
    side = SIDE // POOL
    graph.add("planes", "Unsqueeze", "pixels", numpy.array([1]))
    graph.add("sums", "AveragePool", "planes", kernel_shape=[POOL, POOL], strides=[POOL, POOL])
    graph.add("shares", "Div", "sums", numpy.float32(255))
    graph.add("cells", "Reshape", "shares", numpy.array([-1, side * side]))
    graph.add("border_cells", "Gather", "cells", border_indices(side), axis=1)
    graph.add("border", "ReduceMean", "border_cells", axes=[1], keepdims=1)
    graph.add("background", "Round", "border")
    graph.add("difference", "Sub", "cells", "background")
    graph.add("ink", "Abs", "difference")

    def dense(output: str, values: str, layer: str) -> str:
        parts = (weights[name].astype(numpy.float32) for name in (layer, f"{layer}_bias"))
        return graph.add(output, "Gemm", values, *parts)

    graph.add("hidden", "Relu", dense("hidden_sum", "ink", "hidden"))
    graph.add("probabilities", "Softmax", dense("scores", "hidden", "output"), axis=1)
    graph.output("probabilities", "float32", "of the digits 0 to 9", [CLASSES])
    return graph.encode("digits", "Which digit a picture shows.")


def border_indices(side: int) -> numpy.ndarray:
    """Of the outer cells, a corner twice."""
    cells = numpy.arange(side * side).reshape(side, side)
    return numpy.concatenate([cells[0], cells[-1], cells[:, 0], cells[:, -1]])


def png(pixels: numpy.ndarray) -> bytes:
    """A PNG file of grey pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    height, width = pixels.shape
    rows = b"".join(b"\0" + row.astype(numpy.uint8).tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


if __name__ == "__main__":
    main(train)

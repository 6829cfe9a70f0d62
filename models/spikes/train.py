"""The recipe of `spikes`: which numbers of a series do not go with the ones around them. A filter, fitted in NumPy.

Each number is predicted from the numbers on both sides of it. The weights are those of a ridge regression on series that
are made here. The score of a number is its error of prediction, divided by the error that is common in its series. The
model card (README.md) has the figures.
"""

import json
from pathlib import Path

import numpy
import onnxruntime
from graph import Graph
from recipe import DataError, GoldenRow, Metric, TrainedVersion, TrainingFiles, main, require_file

#: Numbers on each side of the predicted one.
REACH = 6
RIDGE = 0.1
#: Keeps the score of a series without any noise finite, as a share of its standard deviation.
LEAST_NOISE = 0.01
#: In the manifest: a score from here on is a spike.
THRESHOLD = 4
SEED = 0

Series = list[numpy.ndarray]


def train(files: TrainingFiles, report) -> TrainedVersion:
    if len(files.all) != 1:
        raise DataError(f"expected one file, the plan of the series, got {len(files.all)}")
    [file] = files.train
    plan = read_plan(file)
    random = numpy.random.default_rng(SEED)
    training = [make_series(random, plan) for _ in range(plan["trainingSeries"])]
    weights = fit(training)
    report(f"fitted {len(weights)} weights on {len(training)} series")

    model = encode_model(weights)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    found, wrong, spikes, others = 0, 0, 0, 0
    for _ in range(plan["testSeries"]):
        values, places = add_spikes(random, make_series(random, plan), plan)
        [scores] = session.run(["scores"], feeds(values))
        is_spike = numpy.zeros(len(values), bool)
        is_spike[places] = True
        found += int((scores[0][is_spike] >= THRESHOLD).sum())
        wrong += int((scores[0][~is_spike] >= THRESHOLD).sum())
        spikes, others = spikes + len(places), others + len(values) - len(places)
    metrics = [
        Metric(f"{file.name}, test series", "spikes that are found", "dimensionless", round(found / spikes, 4)),
        Metric(f"{file.name}, test series", "other numbers that are taken for spikes", "dimensionless", round(wrong / others, 6)),
    ]
    report(f"evaluated {spikes} spikes among {others} other numbers")
    return TrainedVersion(model, metrics, golden_rows(random, plan, weights), tolerance=1e-3)


def read_plan(file: Path) -> dict:
    """What the series are like: JSON, see `plan.json`."""
    require_file(file)
    try:
        return json.loads(file.read_text())
    except ValueError as error:
        raise DataError(f"{file}: expected JSON, got: {error}") from error


def make_series(random: numpy.random.Generator, plan: dict) -> numpy.ndarray:
    """A trend and two waves with noise."""
    count = int(random.integers(*plan["lengths"]))
    at = numpy.arange(count)
    series = random.normal(0, 1) * at / count
    for _ in range(2):
        period = random.uniform(*plan["periods"])
        series = series + random.uniform(0, 1) * numpy.sin(2 * numpy.pi * (at / period + random.uniform()))
    return series + random.normal(0, random.uniform(*plan["noise"]), count)


def add_spikes(random: numpy.random.Generator, series: numpy.ndarray, plan: dict) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Some numbers are moved up or down by some standard deviations of the series."""
    places = random.choice(len(series), max(1, round(len(series) * plan["spikeShare"])), replace=False)
    moved = series.copy()
    moved[places] += random.choice([-1, 1], len(places)) * random.uniform(*plan["spikeSizes"], len(places)) * series.std()
    return moved, places


def around(series: numpy.ndarray) -> numpy.ndarray:
    """For each number those on both sides of it [n, 2 × REACH]; 0 beyond the ends."""
    padded = numpy.pad(series, REACH)
    offsets = [offset for offset in range(2 * REACH + 1) if offset != REACH]
    return numpy.stack([padded[offset : offset + len(series)] for offset in offsets], axis=1)


def fit(training: Series) -> numpy.ndarray:
    features, targets = [], []
    for series in training:
        scaled = (series - series.mean()) / series.std()
        features.append(around(scaled))
        targets.append(scaled)
    x, y = numpy.concatenate(features), numpy.concatenate(targets)
    return numpy.linalg.solve(x.T @ x + RIDGE * len(x) * numpy.eye(x.shape[1]), x.T @ y)


def apply(weights: numpy.ndarray, series: numpy.ndarray) -> numpy.ndarray:
    """The scores of a series, float64 [n]. The graph computes the same, with its mask."""
    spread = series.std() + 1e-6
    scaled = (series - series.mean()) / spread
    errors = numpy.abs(scaled - around(scaled) @ weights)
    return errors / (errors.mean() + LEAST_NOISE)


def encode_model(weights: numpy.ndarray) -> bytes:
    graph = Graph()
    graph.input("values", "float32", "a series; 0 fills up", ["steps"])
    graph.input("mask", "float32", "1 for a number of the series, 0 for one that fills up", ["steps"])
    one = numpy.array([1])

    def mean(output: str, values: str) -> str:
        graph.add(f"{output}.masked", "Mul", values, "mask")
        graph.add(f"{output}.sum", "ReduceSum", f"{output}.masked", one, keepdims=1)
        return graph.add(output, "Div", f"{output}.sum", "count")

    graph.add("count", "ReduceSum", "mask", one, keepdims=1)
    graph.add("centred", "Sub", "values", mean("mean", "values"))
    graph.add("squares", "Mul", "centred", "centred")
    graph.add("deviation", "Sqrt", mean("variance", "squares"))
    graph.add("spread", "Add", "deviation", numpy.float32(1e-6))
    graph.add("divided", "Div", "centred", "spread")
    graph.add("scaled", "Mul", "divided", "mask")
    graph.add("line", "Unsqueeze", "scaled", one)
    kernel = numpy.insert(weights, REACH, 0).astype(numpy.float32).reshape(1, 1, -1)
    graph.add("predicted_line", "Conv", "line", kernel, pads=[REACH, REACH])
    graph.add("predicted", "Squeeze", "predicted_line", one)
    graph.add("differences", "Sub", "scaled", "predicted")
    graph.add("absolute", "Abs", "differences")
    graph.add("errors", "Mul", "absolute", "mask")
    graph.add("noise", "Add", mean("common", "errors"), numpy.float32(LEAST_NOISE))
    graph.add("scores", "Div", "errors", "noise")
    graph.add("largest", "ReduceMax", "scores", axes=[1], keepdims=0)
    graph.output("scores", "float32", "of each number", ["steps"])
    graph.output("largest", "float32", "the largest score")
    return graph.encode("spikes", "Which numbers of a series do not go with the ones around them.")


def feeds(series: numpy.ndarray) -> dict[str, numpy.ndarray]:
    values = series.astype(numpy.float32)[None]
    return {"values": values, "mask": numpy.ones_like(values)}


def golden_rows(random: numpy.random.Generator, plan: dict, weights: numpy.ndarray) -> list[GoldenRow]:
    """Series of several lengths, also shorter than the filter, with spikes and without."""
    rows = []
    for length in [8, 9, 13, 31, 32, 33, 40, 47, 64, 100, 127, 128]:
        for has_spikes in (False, True):
            series = make_series(random, {**plan, "lengths": [length, length + 1]})
            if has_spikes:
                series, _ = add_spikes(random, series, plan)
            series = numpy.round(series, 3)
            scores = apply(weights, series)
            values = {"shape": [length], "values": [float(value) for value in series]}
            given = {"shape": [length], "values": [round(float(score), 5) for score in scores]}
            rows.append(GoldenRow({"series": values}, {"scores": given, "largestScore": round(float(scores.max()), 5)}))
    return rows


if __name__ == "__main__":
    main(train)

"""The recipe of `housing`: price and pupils per teacher of a Boston census tract of 1970, two outputs of one network.

11 -> Dense(128, ReLU) -> price, and the same 128 -> Dense(128, ReLU) -> pupils per teacher, trained in NumPy. The
standardisation is inside the ONNX graph. The model card (README.md) has the figures, and why column B is left out.
"""

from pathlib import Path

import numpy
import onnxruntime
from graph import Graph
from onnx import TensorProto
from recipe import (
    DataError,
    GoldenRow,
    Metric,
    TrainedVersion,
    TrainingFiles,
    TrainingRun,
    main,
    read_csv,
    read_number,
)

#: Columns of the data, which are the graph's inputs too, with the inputs of the manifest.
INPUTS = {
    "CRIM": "crimesPerHead",
    "ZN": "largeLotPercent",
    "INDUS": "industryPercent",
    "CHAS": "boundsCharlesRiver",
    "NOX": "nitrogenOxidesPpTenMillion",
    "RM": "roomsPerDwelling",
    "AGE": "builtBefore1940Percent",
    "DIS": "employmentCentreDistance",
    "RAD": "highwayAccessIndex",
    "TAX": "taxUsdPerTenThousand",
    "LSTAT": "lowerStatusPercent",
}
ELEMENT_TYPES = {"CHAS": "bool", "RAD": "int64"}
OUTPUTS = {"MEDV": "priceThousandsUsd", "PTRATIO": "pupilTeacherRatio"}
#: In the graph, where another word would make another version of it.
GRAPH_UNITS = {"MEDV": "thousand USD", "PTRATIO": "pupils per teacher"}
#: Of the metrics: as the manifest has them.
UNITS = {"MEDV": "thousands of US dollars of 1970", "PTRATIO": "pupils per teacher"}

HIDDEN = 128
BATCH = 10

Weights = dict[str, numpy.ndarray]


def train(files: TrainingFiles, report, run: TrainingRun) -> TrainedVersion:
    if len(files.all) != 1:
        raise DataError(f"expected one file, which the recipe splits itself, got {len(files.all)}")
    [file] = files.train
    tracts = read_tracts(file)
    count = len(tracts["MEDV"])
    report(f"read {file.name}: {count} census tracts")

    rest, test = split(numpy.arange(count))
    training, validation = split(rest)
    raw = numpy.column_stack([tracts[name] for name in INPUTS])
    targets = numpy.column_stack([tracts[name] for name in OUTPUTS])
    mean, deviation = raw[training].mean(axis=0), raw[training].std(axis=0, ddof=1)
    features = (raw - mean) / deviation
    weights = fit(features[training], targets[training], run)
    report(f"trained {run.params['epochs']} epochs on {len(training)} tracts")

    model = encode_model(weights, mean, deviation)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    metrics = []
    for name, part in {"training rows": training, "validation rows": validation, "test rows": test}.items():
        errors = predict(session, {column: values[part] for column, values in tracts.items()}) - targets[part]
        for (column, output), rmse in zip(OUTPUTS.items(), numpy.sqrt(numpy.mean(errors**2, axis=0)), strict=True):
            metrics.append(Metric(f"{file.name}, {name}", f"RMSE of {output}", UNITS[column], round(float(rmse), 4)))
        report(f"evaluated {len(part)} {name}")

    golden = choose_golden_rows(tracts, validation)
    answers = apply(weights, features[golden])
    golden_rows = [
        GoldenRow(
            describe(tracts, row),
            {name: round(float(value), 6) for name, value in zip(OUTPUTS.values(), answer, strict=True)},
        )
        for row, answer in zip(golden, answers, strict=True)
    ]
    return TrainedVersion(model, metrics, golden_rows, tolerance=1e-3)


def read_tracts(file: Path) -> Weights:
    """The columns that the model sees, B not among them, as float64 in the file's order."""
    names = [*INPUTS, *OUTPUTS]
    rows = read_csv(file, names)
    tracts = {name: numpy.array([read_number(file, row, name) for row in rows]) for name in names}
    if len(rows) < BATCH:
        raise DataError(f"{file}: expected at least {BATCH} census tracts, got {len(rows)}")
    return tracts


def split(rows: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """As scikit-learn's train_test_split(test_size=0.2, random_state=1), without the library."""
    order = numpy.random.RandomState(1).permutation(len(rows))
    test_count = -(-len(rows) // 5)
    return rows[order[test_count:]], rows[order[:test_count]]


def fit(features: numpy.ndarray, targets: numpy.ndarray, run: TrainingRun) -> Weights:
    """Stochastic gradient descent on the sum of both mean squared errors, in float64."""
    random = numpy.random.default_rng(run.seed)
    weights = {
        "shared": glorot(random, features.shape[1], HIDDEN),
        "shared_bias": numpy.zeros(HIDDEN),
        "price": glorot(random, HIDDEN, 1),
        "price_bias": numpy.zeros(1),
        "ratio_hidden": glorot(random, HIDDEN, HIDDEN),
        "ratio_hidden_bias": numpy.zeros(HIDDEN),
        "ratio": glorot(random, HIDDEN, 1),
        "ratio_bias": numpy.zeros(1),
    }
    epochs = run.params["epochs"]
    for epoch in range(epochs):
        order = random.permutation(len(features))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            for name, gradient in gradients(weights, features[batch], targets[batch]).items():
                weights[name] -= run.params["learningRate"] * gradient
        run.progress(epoch + 1, epochs, "epochs")
    return weights


def glorot(random: numpy.random.Generator, rows: int, columns: int) -> numpy.ndarray:
    limit = numpy.sqrt(6 / (rows + columns))
    return random.uniform(-limit, limit, (rows, columns))


def gradients(weights: Weights, x: numpy.ndarray, targets: numpy.ndarray) -> Weights:
    shared = numpy.maximum(x @ weights["shared"] + weights["shared_bias"], 0)
    hidden = numpy.maximum(shared @ weights["ratio_hidden"] + weights["ratio_hidden_bias"], 0)
    price = shared @ weights["price"] + weights["price_bias"]
    ratio = hidden @ weights["ratio"] + weights["ratio_bias"]

    price_error = 2 * (price - targets[:, :1]) / len(x)
    ratio_error = 2 * (ratio - targets[:, 1:]) / len(x)
    hidden_error = (ratio_error @ weights["ratio"].T) * (hidden > 0)
    shared_error = (price_error @ weights["price"].T + hidden_error @ weights["ratio_hidden"].T) * (shared > 0)
    return {
        "shared": x.T @ shared_error,
        "shared_bias": shared_error.sum(axis=0),
        "price": shared.T @ price_error,
        "price_bias": price_error.sum(axis=0),
        "ratio_hidden": shared.T @ hidden_error,
        "ratio_hidden_bias": hidden_error.sum(axis=0),
        "ratio": hidden.T @ ratio_error,
        "ratio_bias": ratio_error.sum(axis=0),
    }


def apply(weights: Weights, x: numpy.ndarray) -> numpy.ndarray:
    """Price and pupils per teacher, float64 [n, 2], from standardised features [n, 11]."""
    shared = numpy.maximum(x @ weights["shared"] + weights["shared_bias"], 0)
    hidden = numpy.maximum(shared @ weights["ratio_hidden"] + weights["ratio_hidden_bias"], 0)
    price = shared @ weights["price"] + weights["price_bias"]
    return numpy.hstack([price, hidden @ weights["ratio"] + weights["ratio_bias"]])


def encode_model(weights: Weights, mean: numpy.ndarray, deviation: numpy.ndarray) -> bytes:
    """The network, and the standardisation before it, as an ONNX model."""
    graph = Graph()
    columns = []
    for name in INPUTS:
        graph.input(name, ELEMENT_TYPES.get(name, "float32"), "as in the data")
        graph.add(f"{name}_number", "Cast", name, to=TensorProto.FLOAT)
        columns.append(graph.add(f"{name}_column", "Unsqueeze", f"{name}_number", numpy.array([1])))
    graph.add("raw", "Concat", *columns, axis=1)
    graph.add("centred", "Sub", "raw", mean.astype(numpy.float32))
    graph.add("features", "Div", "centred", deviation.astype(numpy.float32))

    def dense(output: str, values: str, layer: str) -> str:
        parts = (weights[name].astype(numpy.float32) for name in (layer, f"{layer}_bias"))
        return graph.add(output, "Gemm", values, *parts)

    graph.add("shared", "Relu", dense("shared_sum", "features", "shared"))
    graph.add("hidden", "Relu", dense("hidden_sum", "shared", "ratio_hidden"))
    for output, values, layer in [("MEDV", "shared", "price"), ("PTRATIO", "hidden", "ratio")]:
        graph.add(output, "Squeeze", dense(f"{output}_column", values, layer), numpy.array([1]))
        graph.output(output, "float32", GRAPH_UNITS[output])
    return graph.encode("housing", "Median home value and pupils per teacher of a Boston census tract of 1970.")


def predict(session: onnxruntime.InferenceSession, tracts: Weights) -> numpy.ndarray:
    """Price and pupils per teacher of each tract, float32 [n, 2], through ONNX Runtime."""
    inputs = {name: tracts[name].astype(ELEMENT_TYPES.get(name, "float32")) for name in INPUTS}
    return numpy.column_stack(session.run(list(OUTPUTS), inputs))


def choose_golden_rows(tracts: Weights, validation: numpy.ndarray) -> list[int]:
    """The first five validation rows, and for each column the tract with its least and its greatest value."""
    extremes = [int(find(tracts[name])) for name in INPUTS for find in (numpy.argmin, numpy.argmax)]
    return list(dict.fromkeys([*(int(row) for row in validation[:5]), *extremes]))


def describe(tracts: Weights, row: int) -> dict[str, object]:
    """A tract as an input by the manifest's names."""
    kinds = {"CHAS": bool, "RAD": int}
    return {name: kinds.get(column, float)(tracts[column][row]) for column, name in INPUTS.items()}


if __name__ == "__main__":
    main(train)

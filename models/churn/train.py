"""The recipe of `churn`: how likely a credit-card customer is to leave.

Gradient-boosted trees (LightGBM) on what the bank knows of a customer. Two of the data's columns follow from two
others and are computed in the ONNX graph, which codes the five categories as well. The model card (README.md) has the
figures.
"""

from pathlib import Path

import lightgbm
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
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from trees import add_trees

#: Columns of the data, which are the graph's inputs too, with the inputs of the manifest.
COUNTS = {
    "Customer_Age": "customerAgeYears",
    "Dependent_count": "dependentCount",
    "Months_on_book": "monthsOnBook",
    "Total_Relationship_Count": "productCount",
    "Months_Inactive_12_mon": "monthsInactive",
    "Contacts_Count_12_mon": "contactCount",
    "Total_Trans_Ct": "transactionCount",
}
AMOUNTS = {
    "Credit_Limit": "creditLimitUsd",
    "Total_Revolving_Bal": "revolvingBalanceUsd",
    "Total_Trans_Amt": "transactionAmountUsd",
    "Total_Amt_Chng_Q4_Q1": "transactionAmountChangeRatio",
    "Total_Ct_Chng_Q4_Q1": "transactionCountChangeRatio",
}
CATEGORIES = {
    "Gender": "gender",
    "Education_Level": "educationLevel",
    "Marital_Status": "maritalStatus",
    "Income_Category": "incomeBand",
    "Card_Category": "cardCategory",
}
#: Names in the manifest of those values that are no GraphQL names in capitals.
VALUE_NAMES = {
    "F": "FEMALE",
    "M": "MALE",
    "$120K +": "FROM_120K",
    "$40K - $60K": "FROM_40K_TO_60K",
    "$60K - $80K": "FROM_60K_TO_80K",
    "$80K - $120K": "FROM_80K_TO_120K",
    "Less than $40K": "BELOW_40K",
}
#: The code of a category that training never saw, where the data has no "Unknown".
NO_CODE = -1

#: Those that `training.params` of the manifest leaves as they are.
PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "use_missing": False,
    "seed": 42,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}

Columns = dict[str, numpy.ndarray]
#: Per category of the data its values in alphabetical order: a value's code is its index.
Codes = dict[str, list[str]]


def train(files: TrainingFiles, report, run: TrainingRun) -> TrainedVersion:
    if len(files.all) != 1:
        raise DataError(f"expected one file, which the recipe splits itself, got {len(files.all)}")
    [file] = files.train
    customers, churned = read_customers(file)
    report(f"read {file.name}: {len(churned)} customers, {churned.sum()} of them churned")

    rows = numpy.arange(len(churned))
    training, test = train_test_split(rows, test_size=0.2, stratify=churned, random_state=42)
    codes = {name: sorted(set(customers[name])) for name in CATEGORIES}
    features = compute_features(customers, codes)
    trees = run.params["trees"]
    tell = [lambda state: run.progress(state.iteration + 1, trees, "trees")]
    data = lightgbm.Dataset(features[training], churned[training])
    booster = lightgbm.train(PARAMETERS, data, trees, callbacks=tell)
    report(f"trained {booster.num_trees()} trees on {len(training)} customers")

    model = encode_model(booster, codes)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    metrics = []
    for name, part in {"training rows": training, "test rows": test}.items():
        probability = predict(session, {column: values[part] for column, values in customers.items()})
        metrics += evaluate(f"{file.name}, {name}", churned[part], probability)
        report(f"evaluated {len(part)} {name}")

    golden = make_golden_customers(customers, test, codes)
    answers = booster.predict(compute_features(golden, codes))
    golden_rows = [
        GoldenRow(describe(golden, row), {"churnProbability": round(float(answer), 9)})
        for row, answer in enumerate(answers)
    ]
    return TrainedVersion(model, metrics, golden_rows, tolerance=1e-5)


def read_customers(file: Path) -> tuple[Columns, numpy.ndarray]:
    """The columns that the model sees, and for each customer 1 if they left, else 0, in the file's order."""
    numbers = [*COUNTS, *AMOUNTS]
    # The two columns of a naive Bayes classifier in the data give the answer away; they are not used.
    rows = read_csv(file, [*numbers, *CATEGORIES, "Attrition_Flag"])
    columns = {name: numpy.array([read_number(file, row, name) for row in rows], numpy.float32) for name in numbers}
    columns |= {name: numpy.array([row[name] for row in rows], object) for name in CATEGORIES}
    churned = numpy.array([row["Attrition_Flag"] == "Attrited Customer" for row in rows], numpy.int64)
    if churned.min(initial=1) == churned.max(initial=0):
        raise DataError(f"{file}: expected customers who left and customers who stayed, got {len(rows)} of one kind")
    return columns, churned


def compute_features(customers: Columns, codes: Codes) -> numpy.ndarray:
    """What the trees see: float32 [n, 19]. `encode_model` computes the same in ONNX."""
    limit, balance = customers["Credit_Limit"], customers["Total_Revolving_Bal"]
    coded = [[codes[name].index(value) for value in customers[name]] for name in CATEGORIES]
    numbers = [customers[name] for name in [*COUNTS, *AMOUNTS]]
    return numpy.column_stack([*numbers, limit - balance, balance / limit, *coded]).astype(numpy.float32)


def encode_model(booster: lightgbm.Booster, codes: Codes) -> bytes:
    """The trees, and all that comes before and after them, as an ONNX model."""
    graph = Graph()
    for name in COUNTS:
        graph.input(name, "int64", "as in the data")
    for name in AMOUNTS:
        graph.input(name, "float32", "as in the data")
    for name in CATEGORIES:
        graph.input(name, "string", f"one of: {', '.join(codes[name])}")

    numbers = [graph.add(f"{name}_number", "Cast", name, to=TensorProto.FLOAT) for name in COUNTS] + list(AMOUNTS)
    graph.add("open_to_buy", "Sub", "Credit_Limit", "Total_Revolving_Bal")
    graph.add("utilization", "Div", "Total_Revolving_Bal", "Credit_Limit")
    coded = []
    for name in CATEGORIES:
        values = codes[name]
        graph.add(
            f"{name}_code",
            "LabelEncoder",
            name,
            domain="ai.onnx.ml",
            keys_strings=values,
            values_int64s=list(range(len(values))),
            default_int64=values.index("Unknown") if "Unknown" in values else NO_CODE,
        )
        coded.append(graph.add(f"{name}_number", "Cast", f"{name}_code", to=TensorProto.FLOAT))
    columns = [
        graph.add(f"{name}_column", "Unsqueeze", name, numpy.array([1]))
        for name in [*numbers, "open_to_buy", "utilization", *coded]
    ]
    graph.add("features", "Concat", *columns, axis=1)
    add_trees(graph, "score", "features", booster)
    graph.add("probability", "Sigmoid", "score")
    graph.add("churn_probability", "Squeeze", "probability", numpy.array([1]))
    graph.output("churn_probability", "float32", "probability that the customer leaves, from 0 to 1")
    return graph.encode("churn", "How likely a credit-card customer is to leave.")


def predict(session: onnxruntime.InferenceSession, customers: Columns) -> numpy.ndarray:
    """Each customer's probability of leaving, through ONNX Runtime."""
    counts = {name: customers[name].astype(numpy.int64) for name in COUNTS}
    return session.run(["churn_probability"], customers | counts)[0]


def evaluate(data: str, churned: numpy.ndarray, probability: numpy.ndarray) -> list[Metric]:
    figures = {
        "ROC-AUC": ("dimensionless", roc_auc_score(churned, probability)),
        "average precision": ("dimensionless", average_precision_score(churned, probability)),
        "log loss": ("nats", log_loss(churned, probability.astype(numpy.float64))),
        "Brier score": ("dimensionless", brier_score_loss(churned, probability)),
        "accuracy at 0.5": ("dimensionless", numpy.mean((probability >= 0.5) == churned)),
    }
    return [Metric(data, name, unit, round(float(value), 6)) for name, (unit, value) in figures.items()]


def make_golden_customers(customers: Columns, test: numpy.ndarray, codes: Codes) -> Columns:
    """The first five test rows, which have published answers, and the first of them with each category changed."""
    chosen = [{name: values[row] for name, values in customers.items()} for row in test[:5]]
    made_up = [chosen[0] | {name: value} for name in CATEGORIES for value in codes[name]]
    rows = [*chosen, *made_up]
    return {name: numpy.array([row[name] for row in rows], values.dtype) for name, values in customers.items()}


def describe(customers: Columns, row: int) -> dict[str, object]:
    """A customer as an input by the manifest's names."""
    counts = {name: int(customers[column][row]) for column, name in COUNTS.items()}
    # A float32 as the shortest decimal that stands for it, as in the data.
    amounts = {name: float(str(customers[column][row])) for column, name in AMOUNTS.items()}
    categories = {name: value_name(customers[column][row]) for column, name in CATEGORIES.items()}
    return counts | amounts | categories


def value_name(value: str) -> str:
    return VALUE_NAMES.get(value, value.upper().replace(" ", "_").replace("-", "_"))


if __name__ == "__main__":
    main(train)

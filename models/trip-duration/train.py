"""The recipe of `trip-duration`, versions 2 and 3: minutes of a trip from its two zones, its distance and its time.

Gradient-boosted trees (LightGBM) on where the zones lie, how the distance compares with the way as the crow flies, and
the hour and the day. Everything before the trees is in the ONNX graph too, so a worker needs no more than zone numbers,
miles and a clock reading. The model card (README.md) has the figures.
"""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import lightgbm
import numpy
import onnxruntime
import pyarrow
import pyarrow.parquet
from graph import Graph
from onnx import TensorProto
from recipe import DataError, GoldenRow, Metric, TrainedVersion, TrainingFiles, TrainingRun, main, require_file
from trees import add_trees

MAX_ZONE = 265
#: Meters report up to 300,000 miles: beyond 50 the reading is taken for a fault.
MAX_MILES = 50
MIN_MINUTES, MAX_MINUTES = 1, 60
SECONDS_A_DAY = 86_400
MINUTES_A_DAY = 1440
#: Years are of 365.25 days: four of them have this many.
DAYS_IN_FOUR_YEARS = 1461
#: Weekdays count from Monday, 0. The first day of 1970 was a Thursday.
THURSDAY, FRIDAY = 3, 4
FEET_PER_MILE = 5280
#: Zones 264 (unknown) and 265 (outside New York) lie nowhere. Far from the city and from each other, the trees
#: tell them from every zone by one split.
PLACES_OF_NO_ZONE = {264: (300, 100), 265: (300, 0)}
#: The streets of Manhattan run 29 degrees off north. In their frame, too, the trees cut along avenues.
GRID_DEGREES = 29
#: Added to the straight way before dividing by it, so that trips within one zone do not divide by zero.
RATIO_OFFSET_MILES = numpy.float32(0.3)

#: Those that `training.params` of the manifest leaves as they are.
PARAMETERS = {
    "objective": "regression",
    "min_data_in_leaf": 60,
    "feature_fraction": 0.6,
    "use_missing": False,
    "seed": 42,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}

#: Pickup zone, drop-off zone, miles and pickup time of trips whose prediction shows one thing each.
GOLDEN_TRIPS = [
    (74, 75, 1.44, "2021-02-03T14:30:00"),  # the sample of the model card, at four times of a week
    (74, 75, 1.44, "2021-02-05T17:30:00"),
    (74, 75, 1.44, "2021-02-07T04:00:00"),
    (74, 75, 1.44, "2021-02-07T23:59:59"),
    (74, 75, 1.44, "2021-02-08T00:00:00"),  # Sunday became Monday a second ago
    (43, 151, 1.01, "2021-01-01T00:15:56"),
    (166, 239, 2.53, "2021-01-01T00:25:59"),
    (41, 42, 1.12, "2021-03-14T01:59:59"),  # the clock goes from here to 03:00:00
    (41, 42, 1.12, "2021-03-14T03:00:00"),
    (41, 42, 1.12, "2021-11-07T01:30:00"),  # the clock shows this twice
    (130, 205, 4.0, "2024-02-29T08:00:00"),  # a leap day
    (130, 205, 4.0, "2000-01-01T08:00:00"),  # long before and after all data
    (130, 205, 4.0, "2099-12-31T08:00:00"),
    (130, 205, 4.0, "1969-12-31T23:59:59"),  # a negative number of seconds
    (1, 1, 2.0, "2021-02-03T12:00:00"),  # the edges of the zone table, and the two zones that lie nowhere
    (1, 265, 17.0, "2021-02-03T12:00:00"),
    (265, 265, 2.0, "2021-02-03T12:00:00"),
    (264, 264, 2.0, "2021-02-03T12:00:00"),
    (264, 74, 2.0, "2021-02-03T12:00:00"),
    (104, 105, 2.0, "2021-02-03T12:00:00"),  # two islands without a road
    (74, 75, 0.0, "2021-02-03T12:00:00"),  # no distance, the last mile that counts, and the manifest's limit
    (74, 75, 50.0, "2021-02-03T12:00:00"),
    (74, 75, 1000.0, "2021-02-03T12:00:00"),
    (138, 265, 25.5, "2021-02-03T18:00:00"),  # far out, and across the city
    (7, 132, 14.2, "2021-02-06T16:00:00"),
]


@dataclass(frozen=True)
class Trips:
    """n trips as columns of n: zones, miles as in the file, seconds on New York's clock since 1970, minutes taken."""

    pickup: numpy.ndarray
    dropoff: numpy.ndarray
    miles: numpy.ndarray
    pickup_at: numpy.ndarray
    minutes: numpy.ndarray


def train(files: TrainingFiles, report, run: TrainingRun) -> TrainedVersion:
    months = {}
    for file in files.all:
        months[file] = read_trips(file)
        report(f"read {file.name}: {len(months[file].minutes)} trips of 1 to 60 minutes")

    places = read_places()
    chosen = [months[file] for file in files.train]
    features = numpy.concatenate([compute_features(trips, places) for trips in chosen])
    minutes = numpy.concatenate([trips.minutes for trips in chosen])
    trees = run.params["trees"]
    parameters = {**PARAMETERS, "learning_rate": run.params["learningRate"], "num_leaves": run.params["leaves"]}
    tell = [lambda state: run.progress(state.iteration + 1, trees, "trees")]
    booster = lightgbm.train(parameters, lightgbm.Dataset(features, minutes), trees, callbacks=tell)
    report(f"trained {booster.num_trees()} trees on {len(minutes)} trips")

    model = encode_model(booster, places)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    metrics = []
    for file, trips in months.items():
        errors = predict(session, trips) - trips.minutes
        metrics.append(Metric(file.name, "RMSE", "minutes", round(float(numpy.sqrt(numpy.mean(errors**2))), 4)))
        metrics.append(Metric(file.name, "MAE", "minutes", round(float(numpy.mean(numpy.abs(errors))), 4)))
        report(f"evaluated {file.name}")
    return TrainedVersion(model, metrics, make_golden_rows(booster, places), tolerance=1e-3)


COLUMNS = ["PULocationID", "DOLocationID", "trip_distance", "lpep_pickup_datetime", "lpep_dropoff_datetime"]


def read_trips(file: Path) -> Trips:
    """Reads the trips of one TLC month that took 1 to 60 minutes, in the file's order."""
    require_file(file)
    try:
        table = pyarrow.parquet.read_table(file, columns=COLUMNS)
        # Months differ in their physical types (int64 or int32 zones), so every column is cast.
        pickup, dropoff = (table[name].cast(pyarrow.int64()).to_numpy() for name in COLUMNS[:2])
        miles = table["trip_distance"].cast(pyarrow.float64()).to_numpy().astype(numpy.float32)
        start, end = (table[name].cast(pyarrow.timestamp("us")).to_numpy().astype(numpy.int64) for name in COLUMNS[3:])
    except (pyarrow.ArrowException, KeyError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{file}: expected a month of TLC green-taxi trips, got: {reason}") from error
    minutes = (end - start) / 60e6
    kept = (minutes >= MIN_MINUTES) & (minutes <= MAX_MINUTES)
    trips = Trips(pickup[kept], dropoff[kept], miles[kept], start[kept] // 1_000_000, minutes[kept])
    if not kept.any():
        raise DataError(f"{file}: expected a month of TLC green-taxi trips, got no trip of 1 to 60 minutes")
    for zones in (trips.pickup, trips.dropoff):
        if zones.min() < 1 or zones.max() > MAX_ZONE:
            raise DataError(f"{file}: expected zones from 1 to {MAX_ZONE}, got {zones.min()} to {zones.max()}")
    if not numpy.isfinite(trips.miles).all():
        raise DataError(f"{file}: expected distances in miles, got one that is no number")
    return trips


def read_places() -> numpy.ndarray:
    """Where each zone lies: float32 [266, 4], in miles: east and north, and both in the frame of Manhattan's streets."""
    places = numpy.zeros((MAX_ZONE + 1, 2))
    with (Path(__file__).parent / "zones.csv").open() as file:
        for row in csv.DictReader(file):
            places[int(row["zone"])] = float(row["x_ft"]) / FEET_PER_MILE, float(row["y_ft"]) / FEET_PER_MILE
    for zone, place in PLACES_OF_NO_ZONE.items():
        places[zone] = place
    east, north = places.T
    cos, sin = math.cos(math.radians(GRID_DEGREES)), math.sin(math.radians(GRID_DEGREES))
    return numpy.column_stack([east, north, east * cos - north * sin, east * sin + north * cos]).astype(numpy.float32)


def compute_features(trips: Trips, places: numpy.ndarray) -> numpy.ndarray:
    """What the trees see: float32 [n, 25]. `encode_model` computes the same in ONNX, operator by operator."""
    start, end = places[trips.pickup], places[trips.dropoff]
    way, middle = end - start, end + start
    straight = numpy.sqrt(way[:, 0] * way[:, 0] + way[:, 1] * way[:, 1])
    along_streets = numpy.abs(way[:, 2]) + numpy.abs(way[:, 3])
    miles = numpy.clip(trips.miles, 0, MAX_MILES)
    day = trips.pickup_at // SECONDS_A_DAY
    minute = trips.pickup_at % SECONDS_A_DAY // 60
    weekday = (day + THURSDAY) % 7
    columns = [
        straight,
        along_streets,
        miles,
        miles - straight,
        miles / (straight + RATIO_OFFSET_MILES),
        minute,
        minute + numpy.where(weekday > FRIDAY, MINUTES_A_DAY, 0),
        weekday,
        day * 4 // DAYS_IN_FOUR_YEARS,
    ]
    return numpy.column_stack([start, end, way, middle, *columns]).astype(numpy.float32)


def encode_model(booster: lightgbm.Booster, places: numpy.ndarray) -> bytes:
    """The trees, and all that comes before them, as an ONNX model."""
    graph = Graph()
    graph.input("PULocationID", "int64", "TLC taxi zone of the pickup, 1 to 265")
    graph.input("DOLocationID", "int64", "TLC taxi zone of the drop-off, 1 to 265")
    graph.input("trip_distance", "float32", "miles, clipped to 0 to 50")
    graph.input("pickup_at", "int64", "reading of New York's clock, in seconds since 1970-01-01T00:00:00 on it")

    graph.add("start", "Gather", places, "PULocationID")
    graph.add("end", "Gather", places, "DOLocationID")
    graph.add("way", "Sub", "end", "start")
    graph.add("middle", "Add", "end", "start")
    for column, name in enumerate(["east", "north", "east_on_grid", "north_on_grid"]):
        graph.add(name, "Gather", "way", numpy.array([column]), axis=1)
    graph.add("east_squared", "Mul", "east", "east")
    graph.add("north_squared", "Mul", "north", "north")
    graph.add("straight_squared", "Add", "east_squared", "north_squared")
    graph.add("straight", "Sqrt", "straight_squared")
    graph.add("east_along_streets", "Abs", "east_on_grid")
    graph.add("north_along_streets", "Abs", "north_on_grid")
    graph.add("along_streets", "Add", "east_along_streets", "north_along_streets")

    graph.add("clipped_distance", "Clip", "trip_distance", numpy.float32(0), numpy.float32(MAX_MILES))
    graph.add("miles", "Unsqueeze", "clipped_distance", numpy.array([1]))
    graph.add("excess", "Sub", "miles", "straight")
    graph.add("straight_and_offset", "Add", "straight", RATIO_OFFSET_MILES)
    graph.add("ratio", "Div", "miles", "straight_and_offset")

    # Div rounds towards zero; Mod takes the divisor's sign, so what it leaves to Div is right before 1970 too.
    graph.add("time", "Unsqueeze", "pickup_at", numpy.array([1]))
    graph.add("second_of_day", "Mod", "time", numpy.int64(SECONDS_A_DAY))
    graph.add("midnight", "Sub", "time", "second_of_day")
    graph.add("day", "Div", "midnight", numpy.int64(SECONDS_A_DAY))
    graph.add("minute", "Div", "second_of_day", numpy.int64(60))
    graph.add("day_since_a_monday", "Add", "day", numpy.int64(THURSDAY))
    graph.add("weekday", "Mod", "day_since_a_monday", numpy.int64(7))
    graph.add("is_weekend", "Greater", "weekday", numpy.int64(FRIDAY))
    graph.add("weekend_minutes", "Where", "is_weekend", numpy.int64(MINUTES_A_DAY), numpy.int64(0))
    graph.add("minute_apart", "Add", "minute", "weekend_minutes")
    graph.add("quarter_days", "Mul", "day", numpy.int64(4))
    graph.add("quarter_day_of_year", "Mod", "quarter_days", numpy.int64(DAYS_IN_FOUR_YEARS))
    graph.add("new_year", "Sub", "quarter_days", "quarter_day_of_year")
    graph.add("year", "Div", "new_year", numpy.int64(DAYS_IN_FOUR_YEARS))
    graph.add("times", "Concat", "minute", "minute_apart", "weekday", "year", axis=1)
    graph.add("time_features", "Cast", "times", to=TensorProto.FLOAT)

    ways = ["start", "end", "way", "middle", "straight", "along_streets", "miles", "excess", "ratio"]
    graph.add("features", "Concat", *ways, "time_features", axis=1)
    add_trees(graph, "sum_of_trees", "features", booster)
    # The sum may pass the range of all durations in training by a little.
    graph.add("minutes", "Clip", "sum_of_trees", numpy.float32(MIN_MINUTES), numpy.float32(MAX_MINUTES))
    graph.add("duration", "Squeeze", "minutes", numpy.array([1]))
    graph.output("duration", "float32", "minutes, from 1 to 60")
    return graph.encode(
        "trip-duration",
        "Minutes of a New York green-taxi trip, from its two TLC taxi zones, its distance in miles and its time.",
    )


def predict(session: onnxruntime.InferenceSession, trips: Trips) -> numpy.ndarray:
    """Minutes of each trip, through ONNX Runtime."""
    (minutes,) = session.run(
        ["duration"],
        {
            "PULocationID": trips.pickup,
            "DOLocationID": trips.dropoff,
            "trip_distance": trips.miles,
            "pickup_at": trips.pickup_at,
        },
    )
    return minutes


def make_golden_rows(booster: lightgbm.Booster, places: numpy.ndarray) -> list[GoldenRow]:
    """The trips that every load of the version is checked with, as LightGBM itself answers them."""
    pickup, dropoff, miles, local_times = (numpy.array(column) for column in zip(*GOLDEN_TRIPS, strict=True))
    seconds = local_times.astype("datetime64[s]").astype(numpy.int64)
    trips = Trips(pickup, dropoff, miles.astype(numpy.float32), seconds, numpy.zeros(len(pickup)))
    minutes = numpy.clip(booster.predict(compute_features(trips, places)), MIN_MINUTES, MAX_MINUTES)
    names = ["pickupLocationId", "dropoffLocationId", "tripDistanceMiles", "pickupAt"]
    return [
        GoldenRow(dict(zip(names, trip, strict=True)), {"durationMinutes": round(float(answer), 6)})
        for trip, answer in zip(GOLDEN_TRIPS, minutes, strict=True)
    ]


if __name__ == "__main__":
    main(train)

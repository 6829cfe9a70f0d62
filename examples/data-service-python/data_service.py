"""A data service of one's own: it takes the step `prepare` of trainings, in the place of Tidings' trainers.

It keeps the rows of CSV files that have a value in every column, and holds out a part of them by a digest of the row. What
it does with the data is up to it; what it has to do for Tidings is in `serve`: take a step, keep its lease, store what it
gave, queue the next step, acknowledge.

    NATS_URL=nats://127.0.0.1:4222 python data_service.py

docs/protocol.md has the messages, and README.md beside this file tells how to start it.
"""

import asyncio
import csv
import hashlib
import io
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import nats
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NothingCame
from nats.js import JetStreamContext
from nats.js.errors import APIError

#: The class of trainers whose steps it takes: `training.class` of the manifests.
CLASS = "cpu"
#: The broker offers a step to others if nothing is heard of it for two seconds.
LEASE_SECONDS = 1
CHUNK_BYTES = 512 * 1024
DEFAULT_HOLDOUT_PERCENT = 20
#: Another process has stored this before.
ALREADY_THERE = (10071, 10077)


async def main() -> None:
    seed = os.environ.get("NATS_NKEY_FILE")
    connection = await nats.connect(
        os.environ.get("NATS_URL", "nats://127.0.0.1:4222"),
        nkeys_seed=seed,
        inbox_prefix=b"_INBOX_trainer",
        max_reconnect_attempts=-1,
    )
    stream = connection.jetstream()
    steps = await stream.pull_subscribe_bind(f"prepare_{CLASS}", stream="WORK")
    print("ready", flush=True)
    while True:
        with suppress(NothingCame):
            for step in await steps.fetch(1, timeout=5):
                await serve(step, stream)


async def serve(step: Msg, stream: JetStreamContext) -> None:
    """Brings one step to its end. A step that is taken again finds what it gave, so each write may be repeated."""
    job = json.loads(step.data)
    task, started_at = job["taskId"], now()
    async with lease(step):
        files = await prepare(job, stream)
        result = {
            **{"v": 1, "taskId": task, "step": "prepare", "startedAt": started_at, "finishedAt": now()},
            **{"trainer": "data-service", "attempts": 1, "output": {"files": files, "notes": []}},
            "note": f"prepared by data_service.py: {sum(file['bytes'] for file in files)} bytes",
        }
        await store_first(stream, f"steps.{task}.prepare", json.dumps(result).encode())
        next_step = step.subject.replace(".prepare.", ".train.")
        await store_first(stream, next_step, json.dumps({**job, "step": "train"}).encode())
        await step.ack()
    print(f"prepared {task}", flush=True)


async def prepare(job: dict, stream: JetStreamContext) -> list[dict]:
    """Cleans and cuts the datasets of a training, and stores the files. The same data give the same files."""
    asked = job["training"]
    percent = asked.get("split", {}).get("holdoutPercent", DEFAULT_HOLDOUT_PERCENT)
    parts: dict[str, list[list[str]]] = {"TRAIN": [], "HOLDOUT": []}
    header: list[str] = []
    for dataset in asked["datasets"]:
        record = json.loads((await stream.get_last_msg("DATASETS", f"datasets.{dataset['name']}.{dataset['digest']}")).data)
        for file in record["files"]:
            text = (await read_artifact(stream, file["sha256"])).decode("utf-8-sig")
            header, *rows = csv.reader(io.StringIO(text))
            for row in rows:
                if len(row) == len(header) and all(row):
                    parts["HOLDOUT" if is_held_out(row, percent) else "TRAIN"].append(row)
    return [await store_rows(stream, use, header, rows) for use, rows in parts.items() if rows]


def is_held_out(row: list[str], percent: float) -> bool:
    digest = hashlib.md5("\x1f".join(row).encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 * 100 < percent


async def store_rows(stream: JetStreamContext, use: str, header: list[str], rows: list[list[str]]) -> dict:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    content = text.getvalue().encode()
    sha256 = hashlib.sha256(content).hexdigest()
    for number, at in enumerate(range(0, len(content), CHUNK_BYTES)):
        await store_first(stream, f"artifacts.{sha256}.{number}", content[at : at + CHUNK_BYTES])
    end = {"v": 1, "bytes": len(content), "mediaType": "text/csv"}
    await store_first(stream, f"artifacts.{sha256}.end", json.dumps(end).encode())
    return {"name": f"{use.lower()}.csv", "use": use, "sha256": sha256, "bytes": len(content), "place": "STORE"}


async def read_artifact(stream: JetStreamContext, sha256: str) -> bytes:
    end = json.loads((await stream.get_last_msg("ARTIFACTS", f"artifacts.{sha256}.end")).data)
    count = -(-end["bytes"] // CHUNK_BYTES)
    chunks = [(await stream.get_last_msg("ARTIFACTS", f"artifacts.{sha256}.{number}")).data for number in range(count)]
    content = b"".join(chunk or b"" for chunk in chunks)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(f"the artifact {sha256} is damaged")
    return content


async def store_first(stream: JetStreamContext, subject: str, content: bytes) -> None:
    """Stores a message, unless the subject has one: what was stored first stays."""
    try:
        await stream.publish(subject, content, headers={"Nats-Expected-Last-Subject-Sequence": "0"})
    except APIError as error:
        if error.err_code not in ALREADY_THERE:
            raise


@asynccontextmanager
async def lease(step: Msg) -> AsyncIterator[None]:
    """Tells the broker that the step is worked on, as long as it is."""

    async def renew() -> None:
        while True:
            await step.in_progress()
            await asyncio.sleep(LEASE_SECONDS)

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()


def now() -> float:
    """Milliseconds since the epoch."""
    return time.time() * 1000


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())

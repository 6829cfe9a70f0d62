"""The process of a version in Python: loads a predictor, and speaks frames for it. See docs/runtimes.md.

    python pythonChild.py predictor.py:Predictor

It needs no package. With NumPy installed, columns of numbers are arrays; without, they are lists.
"""

import array
import importlib.util
import inspect
import json
import os
import signal
import struct
import sys
import traceback

try:
    import numpy
except ImportError:
    numpy = None

PROTOCOL = 1
# By element type: the code of `array`, and the name of the type in NumPy.
TYPES = {
    "int8": ("b", "int8"),
    "uint8": ("B", "uint8"),
    "int16": ("h", "int16"),
    "uint16": ("H", "uint16"),
    "int32": ("i", "int32"),
    "uint32": ("I", "uint32"),
    "int64": ("q", "int64"),
    "uint64": ("Q", "uint64"),
    "float16": (None, "float16"),
    "float32": ("f", "float32"),
    "float64": ("d", "float64"),
    "bool": ("B", "bool"),
}


class Frames:
    """The two descriptors. Processes that a predictor starts do not inherit them."""

    def __init__(self):
        for descriptor in (3, 4):
            os.set_inheritable(descriptor, False)
        self._in = os.fdopen(3, "rb", buffering=65536)
        self._out = os.fdopen(4, "wb", buffering=0)

    def read(self):
        """Returns a header and a body; None when the worker has gone."""
        lengths = self._in.read(8)
        if len(lengths) < 8:
            return None
        header_bytes, body_bytes = struct.unpack("<II", lengths)
        header = json.loads(self._in.read(header_bytes))
        body = bytearray(body_bytes)
        view = memoryview(body)
        filled = 0
        while filled < body_bytes:
            got = self._in.readinto(view[filled:])
            if not got:
                return None
            filled += got
        return header, view

    def write(self, header, parts=()):
        text = json.dumps(header).encode()
        body_bytes = sum(len(part) for part in parts)
        for part in (struct.pack("<II", len(text), body_bytes) + text, *parts):
            rest = memoryview(part)
            while len(rest) > 0:
                rest = rest[self._out.write(rest) :]


def shaped(flat, shape):
    """Nested lists of a shape."""
    if len(shape) <= 1:
        return flat
    size = len(flat) // shape[0] if shape[0] else 0
    return [shaped(flat[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]


def read_texts(part, count):
    lengths = struct.unpack_from(f"<{count}I", part)
    texts = []
    at = 4 * count
    for length in lengths:
        texts.append(str(part[at : at + length], "utf-8"))
        at += length
    return texts


def read_columns(described, body):
    """The columns of a run, by name."""
    columns = {}
    at = 0
    for column in described:
        part = body[at : at + column["bytes"]]
        at += column["bytes"]
        shape = column["shape"]
        if column["type"] == "string":
            count = 1
            for size in shape:
                count *= size
            columns[column["name"]] = shaped(read_texts(part, count), shape)
            continue
        code, dtype = TYPES[column["type"]]
        if numpy is not None:
            values = numpy.frombuffer(part, dtype=dtype).reshape(shape)
            columns[column["name"]] = values if values.flags.aligned else values.copy()
        elif code is None:
            columns[column["name"]] = shaped(list(struct.unpack(f"<{len(part) // 2}e", part)), shape)
        else:
            flat = array.array(code, bytes(part)).tolist()
            columns[column["name"]] = shaped([bool(x) for x in flat] if dtype == "bool" else flat, shape)
    return columns


def shape_of(values):
    shape = []
    while isinstance(values, (list, tuple)):
        shape.append(len(values))
        values = values[0] if values else None
    return shape


def flattened(values):
    if not isinstance(values, (list, tuple)):
        return [values]
    return [item for inner in values for item in flattened(inner)]


def text_parts(name, values):
    texts = flattened(values)
    wrong = next((text for text in texts if not isinstance(text, str)), None)
    if wrong is not None:
        raise TypeError(f"output {name} must be texts, got {type(wrong).__name__}")
    encoded = [text.encode() for text in texts]
    return struct.pack(f"<{len(texts)}I", *(len(text) for text in encoded)), b"".join(encoded)


def converted(name, kind, dtype, given):
    """Whole numbers become any type that has them; fractions become a float of another width, and nothing else."""
    if given.dtype == dtype:
        return given
    is_whole = given.dtype.kind in "iu" and dtype != "bool"
    if not is_whole and not (given.dtype.kind == "f" and numpy.dtype(dtype).kind == "f"):
        raise TypeError(f"output {name} must be {kind}, got {given.dtype}")
    made = given.astype(dtype)
    if numpy.dtype(dtype).kind in "iu" and not (made == given).all():
        raise TypeError(f"output {name} must be {kind}, got a number beyond its limits")
    return made


def number_part(name, kind, values):
    """The shape and the bytes of an output of numbers."""
    code, dtype = TYPES[kind]
    if numpy is not None:
        made = converted(name, kind, dtype, numpy.asarray(values))
        return list(made.shape), numpy.ascontiguousarray(made).tobytes()
    flat = flattened(values)
    part = struct.pack(f"<{len(flat)}e", *flat) if code is None else array.array(code, flat).tobytes()
    return shape_of(values), part


def frame_outputs(outputs, result):
    """The columns and the body of a prediction. Outputs that the manifest does not name are left out."""
    if not isinstance(result, dict):
        raise TypeError(f"predict must give a dict of outputs by name, got {type(result).__name__}")
    columns = []
    parts = []
    for name, kind in outputs.items():
        if name not in result:
            continue
        values = result[name]
        if kind == "string":
            if numpy is not None and isinstance(values, numpy.ndarray):
                values = values.tolist()
            shape, own = shape_of(values), text_parts(name, values)
        else:
            shape, part = number_part(name, kind, values)
            own = (part,)
        columns.append({"name": name, "type": kind, "shape": shape, "bytes": sum(len(p) for p in own)})
        parts.extend(own)
    return columns, parts


def import_class(entry):
    file, name = entry.split(":")
    folder = os.getcwd()
    sys.path.insert(0, os.path.join(folder, os.path.dirname(file)))
    module_name = os.path.splitext(os.path.basename(file))[0]
    spec = importlib.util.spec_from_file_location(module_name, os.path.join(folder, file))
    module = importlib.util.module_from_spec(spec)
    # Registered first: dataclasses and pickle look for it by its name.
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    return getattr(module, name)


def reason_of(error):
    """The exception in one sentence; the log gets the traceback."""
    traceback.print_exc()
    return f"{type(error).__name__}: {error}"


class Child:
    def __init__(self, frames, entry):
        self._frames = frames
        self._entry = entry
        self._predictor = None
        self._outputs = {}

    def load(self, header):
        try:
            self._predictor = import_class(self._entry)()
            if hasattr(self._predictor, "load"):
                self._predictor.load(os.getcwd())
            self._outputs = {output["name"]: output["type"] for output in header["outputs"]}
            answer = {"id": header["id"], "type": "loaded"}
            if hasattr(self._predictor, "metadata"):
                answer["metadata"] = self._predictor.metadata()
            return answer, ()
        except Exception as error:
            return {"id": header["id"], "type": "refused", "reason": reason_of(error)}, ()

    def run(self, header, body):
        try:
            columns = read_columns(header["columns"], body)
            result = self._predictor.predict(columns)
            if inspect.isgenerator(result):
                result = self._tell_partials(header["id"], result)
            columns, parts = frame_outputs(self._outputs, result)
            return {"id": header["id"], "type": "ran", "columns": columns}, parts
        except Exception as error:
            return {"id": header["id"], "type": "failed", "reason": reason_of(error)}, ()

    def _tell_partials(self, id, results):
        """Sends each prediction that is yielded. Returns the last one, or the one that the generator returns."""
        last = None
        while True:
            try:
                last = next(results)
            except StopIteration as end:
                return last if end.value is None else end.value
            columns, parts = frame_outputs(self._outputs, last)
            self._frames.write({"id": id, "type": "partial", "columns": columns}, parts)


def main():
    # The worker handles the signals of a terminal.
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    frames = Frames()
    child = Child(frames, sys.argv[1])
    frames.write({"type": "ready", "protocol": PROTOCOL})
    while True:
        frame = frames.read()
        if frame is None:
            # At once: threads of the predictor would keep the process alive.
            os._exit(0)
        header, body = frame
        answer, parts = child.load(header) if header["type"] == "load" else child.run(header, body)
        frames.write(answer, parts)


main()

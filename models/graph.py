"""Writes ONNX files, for recipes in Python that know their graph by heart: `onnx.ts` with more of ONNX."""

from collections.abc import Sequence

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

#: IR version 10 is the first that goes with operator set 5 of ai.onnx.ml, whose TreeEnsemble is compact.
IR_VERSION = 10
OPSETS = [("", 17), ("ai.onnx.ml", 5)]

ELEMENT_TYPES = {
    "float32": TensorProto.FLOAT,
    "int64": TensorProto.INT64,
    "string": TensorProto.STRING,
    "bool": TensorProto.BOOL,
}

#: Of one row: numbers, or names of dimensions that vary.
Shape = Sequence[int | str]


class Graph:
    """A graph in the making. Operators are added in the order in which they run."""

    def __init__(self) -> None:
        self._inputs = []
        self._outputs = []
        self._nodes = []
        self._constants = []

    def input(self, name: str, element_type: str, description: str, shape: Shape = ()) -> str:
        """Declares an input of shape [N, *shape], N the batch."""
        self._inputs.append(_port(name, element_type, description, shape))
        return name

    def output(self, name: str, element_type: str, description: str, shape: Shape = ()) -> None:
        """Declares the tensor `name`, of shape [N, *shape], an output."""
        self._outputs.append(_port(name, element_type, description, shape))

    def add(
        self, output: str, operator: str, *inputs: str | numpy.ndarray | numpy.generic, domain: str = "", **attributes
    ) -> str:
        """Adds the operator that makes the tensor `output`, and returns that name.

        An input is the name of a tensor, or numbers or texts that are stored in the file.
        """
        names = [
            value if isinstance(value, str) else self._store(f"{output}.{index}", value)
            for index, value in enumerate(inputs)
        ]
        # A node is named as its output, so that a fault is found by one name.
        node = helper.make_node(operator, names, [output], name=output, domain=domain, **attributes)
        # The helper keeps the order in which attributes were given; sorted, the bytes do not depend on it.
        node.attribute.sort(key=lambda attribute: attribute.name)
        self._nodes.append(node)
        return output

    def _store(self, name: str, values: numpy.ndarray | numpy.generic) -> str:
        self._constants.append(numpy_helper.from_array(numpy.asarray(values), name))
        return name

    def encode(self, name: str, description: str) -> bytes:
        """The bytes of the ONNX file, checked. The same graph gives the same bytes."""
        graph = helper.make_graph(self._nodes, name, self._inputs, self._outputs, self._constants)
        model = helper.make_model(
            graph,
            ir_version=IR_VERSION,
            producer_name="tidings",
            doc_string=description,
            opset_imports=[helper.make_opsetid(domain, version) for domain, version in OPSETS],
        )
        onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString(deterministic=True)


def _port(name: str, element_type: str, description: str, shape: Shape) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, ELEMENT_TYPES[element_type], ["N", *shape], doc_string=description)

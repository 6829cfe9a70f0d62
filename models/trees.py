"""Gradient-boosted trees of LightGBM as an operator of an ONNX graph."""

import lightgbm
import numpy
from graph import Graph
from onnx import numpy_helper

LESS_OR_EQUAL = 0
SUM = 1


def add_trees(graph: Graph, output: str, features: str, booster: lightgbm.Booster) -> str:
    """Adds the sum of a booster's trees: the raw score, before any link function.

    `features` is a float32 tensor [N, number of features] without NaN; `output` gets the shape [N, 1]. The booster
    must have been trained on the same float32 values, with `use_missing=False` and without categorical features.
    """
    forest = _Forest()
    for tree in booster.dump_model()["tree_info"]:
        forest.add_tree(tree["tree_structure"])
    return graph.add(output, "TreeEnsemble", features, domain="ai.onnx.ml", **forest.attributes())


class _Forest:
    """Inner nodes and leaves of all trees, each in one list: what the operator takes."""

    def __init__(self) -> None:
        self._roots: list[int] = []
        self._features: list[int] = []
        self._thresholds: list[numpy.float32] = []
        #: Per inner node (index of the branch, whether it is a leaf).
        self._true_branches: list[tuple[int, bool]] = []
        self._false_branches: list[tuple[int, bool]] = []
        self._weights: list[float] = []

    def add_tree(self, tree: dict) -> None:
        self._roots.append(len(self._features))
        # The operator has no tree that is a leaf alone: it is a node whose branches are the same leaf.
        if "leaf_value" in tree:
            leaf = self._add(tree)
            self._reserve_node(feature=0, threshold=numpy.float32(0))
            self._true_branches[-1] = self._false_branches[-1] = leaf
        else:
            self._add(tree)

    def _add(self, tree: dict) -> tuple[int, bool]:
        if "leaf_value" in tree:
            self._weights.append(tree["leaf_value"])
            return len(self._weights) - 1, True
        if tree["decision_type"] != "<=" or tree["missing_type"] != "None":
            raise ValueError(f"expected splits by <= without missing values, got {tree}")
        node = self._reserve_node(tree["split_feature"], _round_down(tree["threshold"]))
        self._true_branches[node] = self._add(tree["left_child"])
        self._false_branches[node] = self._add(tree["right_child"])
        return node, False

    def _reserve_node(self, feature: int, threshold: numpy.float32) -> int:
        self._features.append(feature)
        self._thresholds.append(threshold)
        self._true_branches.append((-1, True))
        self._false_branches.append((-1, True))
        return len(self._features) - 1

    def attributes(self) -> dict[str, object]:
        def tensor(values, dtype):
            return numpy_helper.from_array(numpy.array(values, dtype))

        return {
            "n_targets": 1,
            "aggregate_function": SUM,
            "tree_roots": self._roots,
            "nodes_featureids": self._features,
            "nodes_splits": tensor(self._thresholds, numpy.float32),
            "nodes_modes": tensor([LESS_OR_EQUAL] * len(self._features), numpy.uint8),
            "nodes_truenodeids": [index for index, _ in self._true_branches],
            "nodes_trueleafs": [int(is_leaf) for _, is_leaf in self._true_branches],
            "nodes_falsenodeids": [index for index, _ in self._false_branches],
            "nodes_falseleafs": [int(is_leaf) for _, is_leaf in self._false_branches],
            "leaf_targetids": [0] * len(self._weights),
            "leaf_weights": tensor(self._weights, numpy.float32),
        }


def _round_down(threshold: float) -> numpy.float32:
    """The largest float32 that does not exceed a threshold: every float32 falls on the side it fell on in training."""
    rounded = numpy.float32(threshold)
    return rounded if rounded <= threshold else numpy.nextafter(rounded, numpy.float32(-numpy.inf))

"""Species of irises, by a logistic regression that is fitted when the version is loaded.

The data set comes with scikit-learn, so that this example has no file of weights. A real version would load one here.
"""

import numpy
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression


class Predictor:
    def load(self, folder):
        data = load_iris()
        self.names = numpy.array([str(name) for name in data.target_names])
        self.model = LogisticRegression(max_iter=1000).fit(data.data, data.target)
        print(f"fitted on {len(data.target)} flowers")

    def predict(self, columns):
        probabilities = self.model.predict_proba(columns["leaves"])
        best = probabilities.argmax(axis=1)
        return {
            "species": [str(name) for name in self.names[best]],
            "probability": probabilities.max(axis=1),
        }

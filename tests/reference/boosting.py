#!/usr/bin/env python3
"""Writes boosting.tensors: logits of scikit-learn's gradient boosting with stumps, and areas under its ROC curve, which
tests/common/boosting.c holds ours against. Needs scikit-learn and PyTorch (for cases.py)."""

import pathlib

import numpy
import torch
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from cases import Cases

folder = pathlib.Path(__file__).resolve().parent
random = numpy.random.RandomState(1)


def tensor(values):
    return torch.from_numpy(numpy.ascontiguousarray(values, dtype="<f4"))


def case(cases, name, rows, cues, rounds, rate, digits, weighted):
    """Rounded cues have ties; the label depends on three of them."""
    x = random.randn(2 * rows, cues).round(digits).astype("<f4")
    label = (x[:, 0] + (x[:, 1] > 0.5) - x[:, 2] * 0.5 + random.randn(2 * rows) > 0).astype(int)
    weight = random.rand(2 * rows).round(2).astype("<f4") + 0.25 if weighted else numpy.ones(2 * rows, "<f4")
    model = GradientBoostingClassifier(max_depth=1, n_estimators=rounds, learning_rate=rate, random_state=1)
    model.fit(x[:rows], label[:rows], weight[:rows])
    logits = model.decision_function(x)
    # Ties among scores too.
    score = logits.round(1).astype("<f4")
    cases.case(name, {"rounds": rounds, "rate": rate, "train": rows}, values=tensor(x), label=tensor(label),
               weight=tensor(weight), logit=tensor(logits), score=tensor(score),
               area=tensor([roc_auc_score(label, score, sample_weight=weight)]))


with Cases(folder / "boosting.tensors") as cases:
    case(cases, "few", 20, 3, 5, 0.5, 3, False)
    case(cases, "many", 60, 12, 100, 0.1, 3, False)
    case(cases, "ties", 60, 8, 60, 0.1, 0, False)
    case(cases, "weights", 50, 8, 60, 0.2, 1, True)

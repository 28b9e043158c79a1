"""Values of PyTorch for what modules.json holds: loss options, BatchNorm1d, bidirectional layers, in float64.

Run as `python3 test/golden/modules.py > test/golden/modules.json`.
"""

import json
import sys

import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)


def plain(tensor):
    data = [x if abs(x) != float("inf") and x == x else str(x) for x in tensor.detach().reshape(-1).tolist()]
    return {"shape": list(tensor.shape), "data": data}


def draw(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def case(name, x, y, params, extra=None):
    """The values of y and of the gradient of a weighted sum of them."""
    factors = torch.linspace(0.5, 1.5, y.numel()).reshape(y.shape)
    x.grad = None
    (y * factors).sum().backward()
    return {
        "name": name,
        "params": params,
        "inputs": {"x": plain(x)},
        "outputs": {"y": plain(y)},
        "grads": {"x": plain(x.grad)},
        **(extra or {}),
    }


def losses():
    logits = draw(6, 4, seed=1).mul(2).requires_grad_()
    targets = torch.tensor([2, 0, 3, 1, 0, 2])
    weight = torch.tensor([0.5, 2.0, 1.25, 0.75])
    for reduction in ("mean", "sum", "none"):
        for options in (
            {"ignoreIndex": 0},
            {"ignoreIndex": -100},
            {"labelSmoothing": 0.1},
            {"weight": weight},
            {"weight": weight, "labelSmoothing": 0.3, "ignoreIndex": 2},
        ):
            y = F.cross_entropy(
                logits,
                targets,
                weight=options.get("weight"),
                ignore_index=options.get("ignoreIndex", -100),
                label_smoothing=options.get("labelSmoothing", 0.0),
                reduction=reduction,
            )
            given = {k: plain(v) if torch.is_tensor(v) else v for k, v in options.items()}
            params = {"targets": targets.tolist(), "options": {**given, "reduction": reduction}}
            yield case("crossEntropy", logits, y, params)
    x = draw(3, 4, seed=2).mul(3).requires_grad_()
    y01 = torch.rand(3, 4, generator=torch.Generator().manual_seed(3))
    for reduction in ("mean", "sum", "none"):
        for options in (
            {"posWeight": torch.tensor(2.5)},
            {"posWeight": weight},
            {"weight": weight},
            {"weight": draw(3, 1, seed=4).abs(), "posWeight": weight},
        ):
            y = F.binary_cross_entropy_with_logits(
                x, y01, weight=options.get("weight"), pos_weight=options.get("posWeight"), reduction=reduction
            )
            given = {k: plain(v) for k, v in options.items()}
            yield case("bceWithLogits", x, y, {"target": plain(y01), "options": {**given, "reduction": reduction}})


def batch_norms():
    for shape in ((5, 3), (4, 3, 2)):
        for options in (
            {},
            {"momentum": 0.3, "eps": 1e-3},
            {"momentum": None},
            {"affine": False},
            {"track_running_stats": False},
        ):
            layer = nn.BatchNorm1d(3, **options)
            if layer.affine:
                layer.weight.data = draw(3, seed=5)
                layer.bias.data = draw(3, seed=6)
            state = {k: plain(v.to(torch.float64)) for k, v in layer.state_dict().items()}
            steps = []
            for step in range(3):
                x = draw(*shape, seed=10 + step).mul(2).add(1).requires_grad_()
                layer.zero_grad()
                entry = case("train", x, layer(x), {})
                entry["parameterGrads"] = {k: plain(p.grad) for k, p in layer.named_parameters()}
                entry["buffers"] = {k: plain(v.to(torch.float64)) for k, v in layer.named_buffers()}
                steps.append(entry)
            layer.eval()
            x = draw(*shape, seed=20).requires_grad_()
            steps.append(case("eval", x, layer(x), {}))
            yield {"name": "BatchNorm1d", "params": options, "state": state, "steps": steps}


def bidirectional():
    for kind, gates in (("RNN", 1), ("LSTM", 4), ("GRU", 3)):
        layer = getattr(nn, kind)(3, 4, bidirectional=True)
        for i, parameter in enumerate(layer.parameters()):
            parameter.data = draw(*parameter.shape, seed=30 + i).mul(0.5)
        x = draw(5, 2, 3, seed=50).requires_grad_()
        start = draw(2, 2, 4, seed=51)
        cells = draw(2, 2, 4, seed=52)
        y, last = layer(x, (start, cells) if kind == "LSTM" else start)
        h, c = last if kind == "LSTM" else (last, None)
        joined = torch.cat([y.reshape(-1), h.reshape(-1)] + ([c.reshape(-1)] if c is not None else []))
        entry = case(kind, x, joined, {"start": plain(start), "cells": plain(cells)})
        entry["state"] = {k: plain(v) for k, v in layer.state_dict().items()}
        entry["parameterGrads"] = {k: plain(p.grad) for k, p in layer.named_parameters()}
        entry["outputs"] = {"output": plain(y), "last": plain(h), **({"lastCell": plain(c)} if c is not None else {})}
        yield entry


json.dump(
    {
        "torch": torch.__version__,
        "losses": list(losses()),
        "batchNorms": list(batch_norms()),
        "bidirectional": list(bidirectional()),
    },
    sys.stdout,
)
print()

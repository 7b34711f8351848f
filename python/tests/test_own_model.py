"""Models of one's own: a linear one, of which the answer is known."""

import sys
import types

import numpy
import pytest

import scgrids as sg

FEATURES, WEIGHTY = 30, (3, 11, 22)


def linear():
    """Outputs x · w and −x · w, with three large weights."""
    weights = numpy.full(FEATURES, 0.01, dtype=numpy.float32)
    weights[list(WEIGHTY)] = (2.0, 3.0, 1.5)
    both = numpy.stack([weights, -weights], axis=1)
    calls = []

    def model(rows):
        assert rows.dtype == numpy.float32
        calls.append(len(rows))
        return rows @ both

    def gradient(rows, cotangent):
        return cotangent @ both.T

    return model, gradient, calls


def rows(seed=0, count=200):
    return numpy.random.default_rng(seed).uniform(0.5, 1.5, (count, FEATURES)).astype(numpy.float32)


def test_the_features_that_carry_an_output_are_found():
    model, gradient, calls = linear()
    found = sg.explain_model(model, rows(), output=0, gradient=gradient, set_size=3)
    assert set(found.subset["feature"]) == set(WEIGHTY)
    assert found.subset["feature"].iloc[0] == 11
    summary = found.summary.iloc[0]
    assert summary["mean_after"] < 0.1 * summary["mean_before"]
    assert calls


def test_without_gradients_greedy_finds_them_and_grids_says_what_it_needs():
    model, _, _ = linear()
    found = sg.explain_model(model, rows(), output=0, set_size=3, method="greedy")
    assert set(found.subset["feature"]) == set(WEIGHTY)
    with pytest.raises(sg.Error, match="needs gradients"):
        sg.explain_model(model, rows(), output=0, set_size=3)


def test_classes_names_labels_and_means():
    model, gradient, _ = linear()
    data = rows()
    found = sg.explain_model(
        model,
        data,
        "low",
        gradient=gradient,
        classes=["high", "low"],
        names=[f"f{i}" for i in range(FEATURES)],
        labels=["high"] * len(data),
        test_data=rows(1, 20),
        test_labels=["high"] * 20,
        perturbation=numpy.full(FEATURES, -1.0),
        set_size=3,
    )
    assert set(found.subset["name"]) == {"f3", "f11", "f22"}
    assert list(found.predictions["class_after"]) == ["low"] * 20
    assert list(found.predictions["row"]) == list(range(20))


def test_what_a_model_raises_reaches_the_caller():
    def broken(given):
        if len(given) > 1:
            raise ZeroDivisionError("a bug of the user's own")
        return given[:, :1]

    with pytest.raises(ZeroDivisionError, match="a bug of the user's own"):
        sg.explain_model(broken, rows(), output=0, method="greedy", set_size=1)


def test_wrong_data_is_told():
    model, gradient, _ = linear()
    data = rows()
    data[3, 4] = numpy.nan
    with pytest.raises(sg.Error, match="row 3, feature 4 is nan"):
        sg.explain_model(model, data, output=0, gradient=gradient, set_size=3)
    with pytest.raises(sg.Error, match="has no output 7"):
        sg.explain_model(model, rows(), output=7, gradient=gradient, set_size=3)
    with pytest.raises(sg.Error, match="either --target-class or --output"):
        sg.explain_model(model, rows(), gradient=gradient, set_size=3)


class Tensor:
    """As much of a torch tensor as a linear module needs, with its own autograd."""

    def __init__(self, values, made_by=None):
        self.values, self.made_by, self.device, self.dtype = numpy.asarray(values), made_by, "cpu", "float32"

    def __len__(self):
        return len(self.values)

    def reshape(self, *shape):
        return Tensor(self.values.reshape(*shape), self.made_by)

    def to(self, **_):
        return self

    def requires_grad_(self, _):
        return self

    def float(self):
        return self

    def is_floating_point(self):
        return True

    def cpu(self):
        return self

    def numpy(self):
        return self.values.astype(numpy.float32)


class Nothing:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


class Part:
    def __init__(self, training):
        self.training = training


class Module:
    def __init__(self):
        self.training, self.evaluated = True, []
        self.parts = [Part(True), Part(False)]
        self.weights = linear_weights()

    def parameters(self):
        return iter([Tensor(self.weights)])

    def buffers(self):
        return iter([])

    def modules(self):
        return iter([self, *self.parts])

    def train(self, mode=True):
        for part in self.modules():
            part.training = mode

    def eval(self):
        self.train(False)

    def forward(self, given):
        self.evaluated.append(self.training)
        return Tensor(given.values @ self.weights, (given, self.weights))

    def __call__(self, given):
        return self.forward(given)


def linear_weights():
    weights = numpy.full((FEATURES, 1), 0.01, dtype=numpy.float32)
    weights[list(WEIGHTY), 0] = (2.0, 3.0, 1.5)
    return weights


def test_a_torch_module_is_known_by_what_it_can(monkeypatch):
    """By duck typing: the tests have no torch, whose own autograd stands here in miniature."""
    torch = types.ModuleType("torch")
    torch.tensor = lambda values: Tensor(numpy.array(values))
    torch.no_grad = torch.enable_grad = Nothing
    torch.autograd = types.SimpleNamespace(
        grad=lambda outputs, inputs, along: (Tensor(along.values @ outputs.made_by[1].T),)
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    module = Module()
    found = sg.explain_model(module, rows(), output=0, set_size=3)
    assert set(found.subset["feature"]) == set(WEIGHTY)
    assert module.training, "the mode that it had is given back"
    assert [part.training for part in module.parts] == [True, False], "and that of each of its parts"
    assert not any(module.evaluated), "it is asked in eval()"
    module.forward = lambda given: {"scores": given}
    with pytest.raises(sg.Error, match="Module returns dict; a tensor of rows × outputs is needed"):
        sg.explain_model(module, rows(), output=0, set_size=3)

"""Models of one's own: any torch module, or any callable with a function of its gradients."""

from __future__ import annotations

import os
import sys
from typing import Any, Callable, Optional, Sequence, Union

from . import _core
from ._cells import is_anndata
from ._error import Error
from ._options import described, given_words
from ._running import running
from ._tables import Tables


def _dense(data: Any):
    """Rows × whatever follows, as float32, and labels and names where the data tells them."""
    import numpy

    names: list[str] = []
    if is_anndata(data):
        names, data = [str(name) for name in data.var_names], data.X
    elif hasattr(data, "columns"):
        names, data = [str(name) for name in data.columns], data.to_numpy()
    if hasattr(data, "detach"):
        data = data.detach().cpu().numpy()
    if hasattr(data, "toarray"):
        data = data.toarray()
    try:
        array = numpy.ascontiguousarray(data, dtype=numpy.float32)
    except (TypeError, ValueError) as wrong:
        raise Error(f"explain_model: data is no array of numbers ({wrong}); rows × features are needed") from None
    if array.ndim < 2 or len(array) == 0:
        raise Error(f"explain_model: data of shape {array.shape}; rows × features are needed")
    return array, names


class _TorchModel:
    """A torch module: its own autograd gives the gradients."""

    def __init__(self, module: Any, shape: tuple):
        self.torch = sys.modules["torch"]
        self.module = module
        self.shape = shape
        kept = (one for numbers in (module.parameters(), module.buffers()) for one in numbers)
        first = next((one for one in kept if one.is_floating_point()), None)
        self.as_input = {} if first is None else {"device": first.device, "dtype": first.dtype}

    def _rows(self, rows: Any):
        return self.torch.tensor(rows).reshape(-1, *self.shape).to(**self.as_input)

    def __enter__(self) -> "_TorchModel":
        """Each of its parts may be in another mode, a frozen BatchNorm say: that is what it gets back."""
        self.modes = [(part, part.training) for part in self.module.modules()]
        self.module.eval()
        return self

    def __exit__(self, *failure) -> None:
        if self.modes[0][1]:
            self.module.train()  # which a module may have a use of its own for
        for part, training in self.modes:
            part.training = training

    def _flat(self, outputs: Any):
        if not hasattr(outputs, "reshape"):
            raise Error(
                f"explain_model: {type(self.module).__name__} returns {type(outputs).__name__}; a tensor of rows × "
                "outputs is needed: wrap it in a module that returns one"
            )
        return outputs.reshape(len(outputs), -1)

    def predict(self, rows: Any):
        with self.torch.no_grad():
            return self._flat(self.module(self._rows(rows))).float().cpu().numpy()

    def gradient(self, rows: Any, cotangent: Any):
        with self.torch.enable_grad():
            inputs = self._rows(rows).requires_grad_(True)
            outputs = self._flat(self.module(inputs))
            along = self.torch.tensor(cotangent).to(device=outputs.device, dtype=outputs.dtype)
            (slopes,) = self.torch.autograd.grad(outputs, inputs, along)
        return slopes.reshape(len(rows), -1).float().cpu().numpy()


class _Callable:
    """A function of rows, and one of rows and directions."""

    def __init__(self, predict: Callable, gradient: Optional[Callable], shape: tuple):
        self._predict, self._gradient, self.shape = predict, gradient, shape
        if gradient is None:
            self.gradient = None

    def __enter__(self) -> "_Callable":
        return self

    def __exit__(self, *failure) -> None:
        pass

    @staticmethod
    def _flat(numbers: Any, rows: int, what: str, wanted: str):
        import numpy

        array = numpy.asarray(numbers, dtype=numpy.float32)
        if array.ndim == 0 or len(array) != rows or array.size == 0:
            raise Error(f"explain_model: {what} returned shape {array.shape} for {rows} rows; {wanted} is needed")
        return numpy.ascontiguousarray(array.reshape(rows, -1))

    def predict(self, rows: Any):
        told = self._predict(rows.reshape(-1, *self.shape).copy())
        return self._flat(told, len(rows), "the model", "rows × outputs")

    def gradient(self, rows: Any, cotangent: Any):
        told = self._gradient(rows.reshape(-1, *self.shape).copy(), cotangent.copy())
        flat = self._flat(told, len(rows), "gradient", "that of the rows")
        if flat.shape != rows.shape:
            raise Error(
                f"explain_model: gradient returned {flat.shape[1]} numbers a row, of which each has "
                f"{rows.shape[1]} features; it is the gradient by the rows, not by the outputs"
            )
        return flat


def _is_torch(model: Any) -> bool:
    return "torch" in sys.modules and all(hasattr(model, name) for name in ("parameters", "forward", "eval"))


@described("model", leave_out=("target_class", "perturbation"))
def explain_model(
    model: Any,
    data: Any,
    target: "Union[str, int, None]" = None,
    *,
    gradient: Optional[Callable] = None,
    labels: Optional[Sequence] = None,
    names: Optional[Sequence[str]] = None,
    test_data: Any = None,
    test_labels: Optional[Sequence] = None,
    perturbation: Any = "zero",
    seed: Optional[int] = None,
    threads: Optional[int] = None,
    **options,
) -> Tables:
    """Finds the features that, masked together in every row, move a model of your own.

    Learned on some rows, reported on others. Rows to be read as class ``target``; or, with
    ``output``, the mean of an output that is to move.

    Parameters
    ----------
    model
        A torch module, of which autograd gives the gradients (it is put into ``eval()`` meanwhile;
        what it was trained with, modes and flags, is left as it was);
        or any callable from rows (n × …, float32) to outputs (n × outputs).
    data
        Rows × features: array, tensor, sparse matrix, DataFrame or AnnData; images of n × h × w are
        handed to the model as they are, their pixels are the features.
    target
        The class that rows are to be read as: its number, or its name among ``classes``.
    gradient
        Of a callable: ``gradient(rows, cotangent)``, the gradient of ``(cotangent * outputs).sum()``
        with respect to the rows. Without, only methods that need none can be asked.
    labels
        Of the rows, for ``from_class`` and the tables.
    names
        Of the features.
    test_data, test_labels
        Rows to report on; without, a share of ``data`` is left for that.
    perturbation
        What a masked feature becomes: ``"zero"``, ``"mean"`` (of the rows learned on), or an array of
        a number a feature.
    {options}

    Returns
    -------
    Tables
        ``subset`` (the features, by rank), ``predictions`` (each row reported on, before and after),
        ``summary``.
    """
    import numpy

    for name, function in (("model", model), ("gradient", gradient)):
        if function is not None and not callable(function):
            raise Error(f"explain_model: {name} is {type(function).__name__}, which cannot be called", "usage")
    rows, known_names = _dense(data)
    shape = rows.shape[1:]
    first_of_test = 0
    if test_data is not None:
        more, _ = _dense(test_data)
        if more.shape[1:] != shape:
            raise Error(f"explain_model: test_data of shape {more.shape}, data of shape {rows.shape}")
        first_of_test = len(rows)
        rows = numpy.concatenate([rows, more])
        if labels is not None and test_labels is not None:
            labels = [*labels, *test_labels]
    flat = rows.reshape(len(rows), -1)
    replacement: list[float] = []
    if isinstance(perturbation, (str, os.PathLike)):
        options["perturbation"] = perturbation
    else:
        replacement = numpy.asarray(perturbation, dtype=numpy.float32).reshape(-1).tolist()
    if target is not None:
        options["target_class"] = str(target)
    with (_TorchModel(model, shape) if _is_torch(model) else _Callable(model, gradient, shape)) as own:
        outputs = own.predict(flat[:1]).shape[1]
        with running(seed, threads) as run:
            tables = _core.explain_model(
                run,
                type(model).__name__ if not hasattr(model, "__name__") else model.__name__,
                outputs,
                own.predict,
                own.gradient,
                flat,
                [] if labels is None else [str(label) for label in labels],
                [str(name) for name in (names if names is not None else known_names)],
                first_of_test,
                replacement,
                given_words(options),
            )
    return Tables(tables, "explain_model")

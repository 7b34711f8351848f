"""scgrids: which sets of peaks hold up a gene, from single-cell multiome data.

    import scgrids as sg
    mdata = sg.pp.read("cells.h5mu")
    sg.pp.prepare(mdata, labels="cell_type", genes="genes.bed")
    surrogate = sg.Surrogate.train(mdata).fit_cis(mdata)
    found = sg.tl.explain(mdata, surrogate, cell_type="Microglia", gene="CX3CR1")
    sg.pl.locus(found)

``pp`` prepares, ``tl`` asks, ``pl`` draws. Options have the names, defaults and meanings of the
command line (``help(sg.tl.explain)``); results have the same numbers, to the last bit. Every change
is a *predicted change when masked in the surrogate*, held against measured expression of cells that
no search has seen.
"""

from __future__ import annotations

import importlib as _importlib

#: Where each name lives: loaded when it is first asked for.
_PLACES = {
    "pp": "pp",
    "tl": "tl",
    "pl": "pl",
    "Study": "_study",
    "Surrogate": "_surrogate",
    "Tables": "_tables",
    "Error": "_error",
    "ScgridsWarning": "_running",
    "settings": "_running",
    "report": "_pages",
    "view": "_pages",
    "explain_model": "_own_model",
}

__all__ = sorted(_PLACES) + ["__version__"]


def __getattr__(name):
    if name == "__version__":
        from . import _core

        return _core.version
    if name not in _PLACES:
        raise AttributeError(f"module 'scgrids' has no attribute '{name}'")
    module = _importlib.import_module("." + _PLACES[name], __name__)
    value = module if name == _PLACES[name] else getattr(module, name)
    globals()[name] = value
    return value


def __dir__():
    return __all__

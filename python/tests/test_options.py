"""Options come from their one description: defaults, help, and the words of the command line's errors."""

import inspect
import pydoc
import re
import subprocess
import sys

import pytest
from conftest import ROOT, grids, programs

import scgrids as sg
from scgrids import _core
from scgrids._options import options_of

FUNCTIONS = {
    "prepare": sg.pp.prepare,
    "read": sg.pp.read,
    "train": sg.Surrogate.train,
    "cis": sg.Surrogate.fit_cis,
    "explain": sg.tl.explain,
    "redundancy": sg.tl.redundancy,
    "evaluate": sg.tl.evaluate,
    "compare": sg.tl.compare,
    "knockout": sg.tl.knockout,
    "validate": sg.tl.validate,
    "report": sg.report,
    "model": sg.explain_model,
}


def of_command_line_alone():
    """Options that the table of docs/python.md names; and the commands."""
    page = (ROOT / "docs/python.md").read_text(encoding="utf-8").split("\n## What the command line has")[1]
    first = [line.split("|")[1] for line in page.split("\n## ")[0].splitlines() if line.startswith("| `")]
    words = re.findall(r"`([^`]*)`", " ".join(first))
    return {word.removeprefix("--") for word in words if not word.startswith("grids ")}, {
        word.removeprefix("grids ") for word in words if word.startswith("grids ")
    }


def documented(command):
    """Names and defaults that docs/options.md has of a command."""
    page = subprocess.run([programs() / "grids", "docs", "options"], capture_output=True, text=True).stdout
    section = page.split(f"\n## `grids {command}`")[1].split("\n## ")[0]
    found = {}
    for line in section.splitlines():
        row = re.match(r"\| (?:`-\w`, )?`(?:--)?([a-z0-9-]+)` \| (?:`([^`]*)`)?", line)
        if row:
            found[row[1]] = row[2]
    return found


def test_what_python_has_not_is_listed_with_the_reason():
    """In docs/python.md: no option more, none less; and the commands."""
    options, commands = of_command_line_alone()
    missing, raw = set(), {option.name for option in options_of("read")}
    for command in set(FUNCTIONS) - {"read", "model"}:
        keywords = inspect.signature(FUNCTIONS[command]).parameters
        names = set(documented(command)) - (raw if command == "prepare" else set())
        missing |= {name for name in names if name.replace("-", "_") not in keywords}
    of_session = {"quiet", "progress", "config", "memory"}
    assert options - missing - of_session == set() and missing - options == set()
    page = subprocess.run([programs() / "grids", "docs", "options"], capture_output=True, text=True).stdout
    every = set(re.findall(r"\n## `grids ([a-z]+)`", page))
    assert every - commands == set(FUNCTIONS) - {"read", "model"} | {"predict", "view"}


@pytest.mark.parametrize("command", sorted(set(FUNCTIONS) - {"read", "model"}))
def test_every_option_of_the_command_is_a_keyword_with_its_default(command):
    signature = inspect.signature(FUNCTIONS[command])
    raw = {option.name for option in options_of("read")}
    of_files, _ = of_command_line_alone()
    for name, standard in documented(command).items():
        keyword = name.replace("-", "_")
        if name in of_files or (command == "prepare" and name in raw):
            continue
        assert keyword in signature.parameters, name
        default = signature.parameters[keyword].default
        if standard is None:
            assert default in (None, False, ()), (name, default)
        elif isinstance(default, tuple):
            assert ",".join(str(one) for one in default) == standard.replace(", ", ",")
        elif isinstance(default, float):
            assert default == float(standard)
        else:
            assert str(default) == standard, name


@pytest.mark.parametrize("command", FUNCTIONS)
def test_help_shows_every_option(command):
    text = pydoc.plain(pydoc.render_doc(FUNCTIONS[command]))
    assert "{options}" not in text
    for name, parameter in inspect.signature(FUNCTIONS[command]).parameters.items():
        if parameter.kind == inspect.Parameter.KEYWORD_ONLY:
            assert name in text, name


def test_no_python_function_has_a_default_of_its_own():
    """What stands in signatures is what the description says."""
    for command, function in FUNCTIONS.items():
        for option in function.__scgrids_options__:
            assert inspect.signature(function).parameters[option.keyword].default == option.standard


@pytest.mark.parametrize(
    "words, options",
    [
        (["--gene", "nobody"], {"gene": "nobody"}),
        (["--set-size", "-3"], {"set_size": -3}),
        (["--beta", "x"], {"beta": "x"}),
        (["--method", "magic"], {"method": "magic"}),
        (["--random-sets", "-1", "--domain-window", "0"], {"random_sets": -1, "domain_window": 0}),
        (["--targets", "nowhere.tsv"], {"targets": "nowhere.tsv"}),
    ],
)
def test_errors_are_in_the_words_of_the_command_line(study, surrogate, genes, files, tmp_path, words, options):
    if "targets" not in options:
        options = {"cell_type": "all", "gene": genes[0], **options}
        words = ["--cell-type", "all", *([] if "--gene" in words else ["--gene", genes[0]]), *words]
    said = grids(
        "explain", "study.h5mu", "cis.safetensors", *words, "-o", tmp_path / "out", folder=files, fails=True
    )
    with pytest.raises(sg.Error) as caught:
        sg.tl.explain(study, surrogate, **options)
    ours = [line.removeprefix("  - ") for line in str(caught.value).splitlines() if line]
    for line in ours:
        if not line.startswith("options of"):
            assert line in said, (line, said)
    assert isinstance(caught.value, ValueError) and caught.value.kind in ("usage", "input")


def test_an_unknown_option_is_told_with_what_comes_closest(study, surrogate):
    with pytest.raises(sg.Error, match="no option 'set-sise' .did you mean 'set-size'"):
        sg.tl.explain(study, surrogate, cell_type="all", gene="x", set_sise=3)
    with pytest.raises(sg.Error, match="is no text, number or list"):
        sg.tl.explain(study, surrogate, cell_type="all", gene=object())


def test_an_unknown_command_is_told():
    with pytest.raises(sg.Error, match="no command 'explian' .did you mean 'explain'"):
        _core.options_of("explian")


def test_data_that_is_none_is_told(study, surrogate, tmp_path):
    import anndata
    import numpy

    with pytest.raises(sg.Error, match="list is no study"):
        sg.tl.explain([], surrogate)
    with pytest.raises(sg.Error, match="is not prepared; scgrids.pp.prepare"):
        sg.tl.explain(anndata.AnnData(numpy.ones((2, 2))), surrogate)
    with pytest.raises(sg.Error, match="there is no such file"):
        sg.Study.load(tmp_path / "nothing.h5mu")
    with pytest.raises(sg.Error, match="is no surrogate"):
        sg.tl.explain(study, 3)


def test_training_without_its_program_says_what_installs_it(study, monkeypatch):
    monkeypatch.setattr(sg.settings, "trainer", None)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(sg.Error, match="apt install .*grids-torch"):
        sg.Surrogate.train(study)


def test_import_loads_none_of_the_large_packages():
    code = (
        "import scgrids, scgrids.tl, scgrids.pp, scgrids.pl, sys\n"
        "print([name for name in ('numpy', 'pandas', 'anndata', 'mudata', 'matplotlib', 'h5py', 'tqdm') "
        "if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"

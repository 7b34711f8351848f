"""Figures and pages: each draws what its table says, on the Axes that it is given."""

import urllib.request

import matplotlib
import pytest

import scgrids as sg

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


@pytest.fixture(scope="module")
def evaluated(study, surrogate):
    return sg.tl.evaluate(study, surrogate)


def test_locus_has_an_arc_for_each_member_on_the_chromosome(found):
    gene = found.links["gene"].iloc[0]
    ax = sg.pl.locus(found, gene)
    links = found.links[found.links["gene"] == gene]
    own = found.locus_genes[found.locus_genes["gene"] == gene].iloc[0]
    arcs = [patch for patch in ax.patches if isinstance(patch, matplotlib.patches.PathPatch)]
    assert len(arcs) == (links["chrom"] == own["chrom"]).sum()
    assert gene in ax.get_title(loc="left")
    with pytest.raises(sg.Error, match="no set of nobody; there are"):
        sg.pl.locus(found, "nobody")
    with pytest.raises(sg.Error, match="no cell type nothing; there are"):
        sg.pl.locus(found, gene, types=["nothing"])
    plt.close("all")


@pytest.mark.parametrize("draw", ["contrast", "redundancy", "settings", "locus"])
def test_figures_draw_on_the_axes_that_they_are_given(found, draw, tmp_path):
    figure, ax = plt.subplots()
    assert getattr(sg.pl, draw)(found, ax=ax) is ax
    figure.savefig(tmp_path / "figure.pdf")
    plt.close(figure)


def test_accuracy_has_a_box_for_each_predictor(evaluated):
    ax = sg.pl.accuracy(evaluated)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert set(names) == set(evaluated.accuracy["predictor"]) and names[-1] == "surrogate"
    with pytest.raises(sg.Error, match="'x' is none of"):
        sg.pl.accuracy(evaluated, measure="x")
    plt.close("all")


def test_figures_of_a_folder(found, tmp_path):
    found.write(tmp_path / "results")
    assert sg.pl.contrast(tmp_path / "results").get_xlabel()
    with pytest.raises(sg.Error, match="no table accuracy; scgrids.tl.evaluate makes it"):
        sg.pl.accuracy(tmp_path / "results")
    plt.close("all")


def test_report_of_results_and_of_a_folder(found, evaluated, tmp_path):
    page = sg.report([found, evaluated], tmp_path / "report")
    assert page.path.name == "report.html" and page.path.exists()
    assert page._repr_html_().startswith("<iframe srcdoc=")
    again = sg.report(tmp_path / "report", title="Ours")
    assert "Ours" in again.path.read_text()
    assert sg.report(found).path.exists()


def test_view_serves_until_it_is_closed(found, study, surrogate):
    with sg.view(found, study, surrogate) as live:
        assert live.running and live.url.startswith("http://127.0.0.1:")
        assert live.url in live._repr_html_()
        assert urllib.request.urlopen(live.url.split("#")[0]).status == 200
    assert not live.running
    with pytest.raises(sg.Error, match="no grids results"):
        sg.view("/")
    with pytest.raises(sg.Error, match="need data and surrogate"):
        sg.view(found)

"""Methods beside those of shap, sage-importance and lime: one model, one budget, agreement within their own errors.

A score of SAGE is what masking does to a row's share of the mean over the rows that are learned on: times their number,
and with the sign turned, a Shapley value of the mean output. How long each took is printed, and asserted nowhere.
"""

import itertools
import math
import time

import numpy
import pytest

import scgrids as sg

lime_image = pytest.importorskip("lime.lime_image")
sage = pytest.importorskip("sage")
shap = pytest.importorskip("shap")

pytestmark = pytest.mark.filterwarnings("ignore")

FEATURES, ROWS, CLASSES = 8, 40, 3
#: Estimates of some dozen features, with errors from thousands of draws: the largest of them is rarely beyond 4.
MOST_ERRORS = 4.5


class Network:
    """tanh layer and a linear one, in float64, that counts the rows it is asked for."""

    def __init__(self):
        random = numpy.random.default_rng(4)
        self.first = random.normal(size=(FEATURES, 6))
        self.second = random.normal(size=(6, CLASSES))
        self.rows = random.uniform(0.5, 1.5, (ROWS, FEATURES)).astype(numpy.float32)
        self.asked = 0

    def __call__(self, rows):
        self.asked += len(rows)
        return numpy.tanh(numpy.asarray(rows, dtype=float) @ self.first) @ self.second

    def gradient(self, rows, cotangent):
        hidden = numpy.tanh(rows.astype(float) @ self.first)
        return ((cotangent.astype(float) @ self.second.T) * (1 - hidden**2)) @ self.first.T

    def probabilities(self, rows):
        scores = numpy.exp(self(rows))
        return scores / scores.sum(axis=1, keepdims=True)


@pytest.fixture
def network():
    return Network()


class Clock:
    """Processor seconds and model rows of each, told at the end."""

    def __init__(self, tell):
        self.tell, self.spent = tell, {}

    def time(self, name, work, network=None):
        asked, began = getattr(network, "asked", 0), time.process_time()
        result = work()
        self.spent[name] = time.process_time() - began, getattr(network, "asked", 0) - asked
        return result

    def close(self):
        (ours, rows), *others = self.spent.values()
        for (seconds, asked), name in zip(others, list(self.spent)[1:]):
            of_rows = f" (model rows: {rows:,} and {asked:,})" if rows else ""
            self.tell(f"\n{name}: {seconds:.3g} CPU s, scgrids {ours:.3g}; {seconds / ours:.0f} ×{of_rows} ")


@pytest.fixture
def clock(capsys):
    def tell(text):
        with capsys.disabled():
            print(text, end="")

    made = Clock(tell)
    yield made
    made.close()


def scores(found, features=FEATURES):
    """By feature: score and its standard error, where the method has one."""
    subset = found.subset.set_index("feature").loc[range(features)]
    return subset["score"].to_numpy(), (subset["score_high"] - subset["score_low"]).to_numpy() / (2 * 1.959964)


def asked(model, rows, **options):
    """Every feature, by its score on all rows."""
    options = {"test_data": rows, "set_size": rows.shape[1], "direction": "down", "output": 0, **options}
    return sg.explain_model(model, rows, **{k: v for k, v in options.items() if v is not None})


def shapley(value, features=FEATURES):
    """Of a function of which features are kept, by all 2^features of these."""
    values = {keep: value(numpy.array(keep)) for keep in itertools.product((0, 1), repeat=features)}
    found = numpy.zeros(features)
    for j in range(features):
        for keep in values:
            if keep[j]:
                continue
            size, with_it = sum(keep), (*keep[:j], 1, *keep[j + 1 :])
            weight = math.factorial(size) * math.factorial(features - size - 1) / math.factorial(features)
            found[j] += weight * (values[with_it] - values[keep])
    return found


def require_agreement(ours, our_errors, theirs, their_errors=0.0):
    """No difference is beyond its error, nor are all far within: errors that are too wide would hide any mistake."""
    distances = numpy.abs(ours - theirs) / numpy.sqrt(our_errors**2 + numpy.asarray(their_errors) ** 2)
    assert distances.max() < MOST_ERRORS, distances
    assert numpy.sqrt((distances**2).mean()) > 0.2, distances
    assert numpy.max(our_errors) < 0.1 * numpy.ptp(theirs), "the errors are small beside what is told apart"


def test_sage_values_are_shapley_values_by_shap(network, clock):
    """PermutationExplainer of every row, 8 times with 4 permutations, beside as many model rows in one run."""
    background, rows = numpy.zeros((1, FEATURES)), network.rows

    def theirs(seed, permutations=4):
        explainer = shap.PermutationExplainer(lambda x: network(x)[:, 0], background, seed=seed)
        return explainer(rows, max_evals=permutations * (2 * FEATURES + 1), silent=True).values.mean(axis=0)

    theirs(0, 1)  # what numba compiles
    options = dict(method="sage", sage_players=FEATURES, sage_threshold=0.0)
    permutations = 8 * 4 * 2 * ROWS  # of shap's each is walked forth and back
    found = clock.time("scgrids", lambda: asked(network, rows, sage_permutations=permutations, **options), network)
    runs = clock.time("shap.PermutationExplainer", lambda: [theirs(seed) for seed in range(1, 9)], network)
    score, error = scores(found)
    ours, our_errors = -ROWS * score, ROWS * error
    truth = shapley(lambda keep: network(rows * keep)[:, 0].mean())
    require_agreement(ours, our_errors, truth)
    require_agreement(ours, our_errors, numpy.mean(runs, axis=0), numpy.std(runs, axis=0, ddof=1) / math.sqrt(8))
    # Of five rows KernelExplainer takes all 2^8 masks: exact.
    kernel = shap.KernelExplainer(lambda x: network(x)[:, 0], background)
    exact = kernel.shap_values(rows[:5], silent=True).mean(axis=0)
    score, error = scores(asked(network, rows[:5], sage_permutations=4000, **options))
    require_agreement(-5 * score, 5 * error, exact)


def test_sage_values_of_a_linear_model_by_shap(network):
    """LinearExplainer is exact; ours is exact in each row, so that only which rows were drawn is left as error."""
    weights = numpy.linspace(-1, 1, FEATURES)
    theirs = shap.LinearExplainer((weights, 0.5), numpy.zeros((1, FEATURES))).shap_values(network.rows)
    found = asked(
        lambda rows: (rows @ weights + 0.5)[:, None],
        network.rows,
        method="sage",
        sage_players=FEATURES,
        sage_threshold=0.0,
        sage_permutations=2000,
    )
    score, error = scores(found)
    require_agreement(-ROWS * score, ROWS * error, theirs.mean(axis=0))
    one = asked(
        lambda rows: (rows @ weights + 0.5)[:, None], network.rows[:1], method="sage", sage_players=FEATURES
    )
    assert numpy.allclose(-scores(one)[0], theirs[0], rtol=1e-5, atol=1e-6)


def test_sage_values_of_a_class_by_sage_importance(network, clock):
    """Its cross-entropy falls by a feature that it is shown; ours rises by one that is masked: the same number."""
    target, rows = 2, network.rows
    permutations = 5000
    found = clock.time(
        "scgrids",
        lambda: asked(
            network,
            rows,
            target=str(target),
            output=None,
            direction=None,
            method="sage",
            sage_players=FEATURES,
            sage_threshold=0.0,
            sage_permutations=permutations,
        ),
        network,
    )
    estimator = sage.PermutationEstimator(
        sage.DefaultImputer(network.probabilities, numpy.zeros(FEATURES)), "cross entropy", random_state=1
    )
    theirs = clock.time(
        "sage.PermutationEstimator",
        lambda: estimator(
            rows,
            numpy.full(ROWS, target),
            batch_size=100,
            n_permutations=permutations,
            detect_convergence=False,
            bar=False,
        ),
        network,
    )
    score, error = scores(found)
    truth = shapley(lambda keep: numpy.log(network.probabilities(rows * keep)[:, target]).mean())
    require_agreement(ROWS * score, ROWS * error, truth)
    require_agreement(ROWS * score, ROWS * error, theirs.values, theirs.std)


def test_lime_by_lime(network, clock):
    """LimeImageExplainer of an image of one row, whose pixels are its segments; ours with its kernel and ridge."""
    row, neighbours, repeats = network.rows[:1], 2000, 8

    def theirs(seed):
        explainer = lime_image.LimeImageExplainer(
            kernel=lambda d, kernel_width: numpy.exp(-((d / kernel_width) ** 2)), random_state=seed
        )
        told = explainer.explain_instance(
            numpy.repeat(row[:, :, None], 3, axis=2).astype(float),
            lambda images: network(images[:, 0, :, 0]),
            labels=(0,),
            top_labels=None,
            hide_color=0,
            num_features=FEATURES,
            num_samples=neighbours,
            batch_size=neighbours,
            segmentation_fn=lambda image: numpy.arange(FEATURES).reshape(1, -1),
        )
        return numpy.array([value for _, value in sorted(told.local_exp[0])])

    def ours(seed):
        return scores(asked(network, row, method="lime", lime_neighbours=neighbours, seed=seed))[0]

    mine = numpy.array(clock.time("scgrids", lambda: [ours(1 + seed) for seed in range(repeats)], network))
    others = numpy.array(clock.time("lime", lambda: [theirs(seed) for seed in range(repeats)], network))
    errors = [runs.std(axis=0, ddof=1) / math.sqrt(repeats) for runs in (mine, others)]
    require_agreement(mine.mean(axis=0), errors[0], numpy.abs(others.mean(axis=0)), errors[1])


def test_saliency_by_finite_differences(network):
    """Mean over rows of |slope · (0 − x)|; float32 rows leave seven digits."""
    rows, step = network.rows.astype(float), 1e-5
    found = asked(network, network.rows, method="saliency", gradient=network.gradient)
    slopes = numpy.stack(
        [(network(rows + d)[:, 0] - network(rows - d)[:, 0]) / (2 * step) for d in step * numpy.eye(FEATURES)], axis=1
    )
    assert numpy.allclose(scores(found)[0], numpy.abs(slopes * rows).mean(axis=0), rtol=1e-5)


def test_knockout_ranks_by_exact_changes(network):
    found = asked(network, network.rows, method="knockout")
    after = [network(network.rows * (1 - alone))[:, 0].mean() for alone in numpy.eye(FEATURES)]
    assert list(found.subset["feature"]) == list(numpy.argsort(after))


def test_a_surrogates_gene_by_shap(study, surrogate, genes, clock):
    """The peaks around a gene, each masked or not in the cells that sets are learned on: its mean prediction by
    KernelExplainer, over all masks, is what `tl.explain(method="sage")` estimates."""
    options = dict(method="sage", objective="value", domain="cis", set_size=50, sage_players=50, sage_threshold=0.0)
    options |= dict(random_sets=0, redundancy="off", force=True, cell_type="all", sage_permutations=8000)

    def ours(gene):
        return sg.tl.explain(study, surrogate, gene=gene, domain_window=30_000, **options).subsets

    gene = next(gene for gene in genes if 5 <= len(ours(gene)) <= 8)
    found = clock.time("scgrids", lambda: ours(gene))
    cells = list(study.obs.index[study.obs["split"] == "train"])
    peaks = list(found["peak"])

    def predicted(masks):
        means = [
            surrogate.predict(study, mask=[peak for peak, kept in zip(peaks, row) if not kept], cells=cells)
            .to_df()[gene]
            .to_numpy(dtype=float)
            .mean()
            for row in masks
        ]
        return numpy.array(means)

    explainer = shap.KernelExplainer(predicted, numpy.zeros((1, len(peaks))))
    theirs = clock.time("shap.KernelExplainer", lambda: explainer.shap_values(numpy.ones((1, len(peaks))), silent=True))
    score = -len(cells) * found["score"].to_numpy()
    error = len(cells) * (found["score_high"] - found["score_low"]).to_numpy() / (2 * 1.959964)
    require_agreement(score, error, theirs[0])

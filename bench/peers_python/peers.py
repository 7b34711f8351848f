#!/usr/bin/env python3
"""Methods of scgrids beside those of the libraries that Python's users know, on one network of PyTorch.

    bench/peers_python/run.sh OUT        # sets up the environment, and calls this

Each pair gets the same network, the same rows and, where there is sampling, about as many rows of the network; the
clock is the process's, one thread. First it is checked that the numbers agree: exact methods to float32's digits,
sampled ones within their own standard errors; a disagreement ends the program. Then that `explain_model` leaves a
module as it found it.
"""

import argparse
import importlib.metadata
import json
import math
import time

import numpy
import torch
from captum import attr
from captum._utils.models.linear_model import SkLearnRidge

import scgrids as sg

#: Of the largest of a hundred distances in standard errors, and of their root mean square beside what it should be:
#: Student's with ten degrees of freedom is beyond 6 once in eight thousand.
MOST_ERRORS, MOST_TYPICAL = 6.0, 1.5
REPEATS = 6


class Network(torch.nn.Module):
    """Linear, BatchNorm with the statistics of training, dropout, tanh, linear; counts the rows it is asked for."""

    def __init__(self, features):
        super().__init__()
        torch.manual_seed(7)
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(features, 64),
            torch.nn.BatchNorm1d(64),
            torch.nn.Dropout(0.2),
            torch.nn.Tanh(),
            torch.nn.Linear(64, 3),
        )
        with torch.no_grad():
            self.layers(torch.rand(512, features) + 0.5)  # gives BatchNorm something to keep
        self.asked = 0

    def forward(self, rows):
        self.asked += len(rows)
        return self.layers(rows)


class Pairs:
    """What was compared: seconds and network rows of both, and how far apart they are."""

    def __init__(self, network, rows):
        self.network, self.rows, self.found = network, rows, []

    def timed(self, work):
        asked, began = self.network.asked, time.process_time()
        result = work()
        return result, time.process_time() - began, self.network.asked - asked

    def add(self, method, peer, ours, theirs, exact, many=1):
        """``ours`` and ``theirs`` take a seed and return scores; ``many`` seeds where they sample."""
        ours(1000), theirs(1000)  # compiles, warms caches
        mine, seconds, asked = self.timed(lambda: numpy.array([ours(seed) for seed in range(1, many + 1)]))
        others, their_seconds, their_asked = self.timed(
            lambda: numpy.array([theirs(seed) for seed in range(1, many + 1)])
        )
        entry = {"method": method, "peer": peer, "seconds": seconds / many, "peer_seconds": their_seconds / many}
        entry |= {"rows": asked / many, "peer_rows": their_asked / many, "exact": exact}
        if exact:
            entry["distance"] = float(numpy.abs(mine - others).max() / numpy.abs(others).max())
            ok = entry["distance"] < 1e-4
        else:
            spread = numpy.sqrt((mine.var(axis=0, ddof=1) + others.var(axis=0, ddof=1)) / many)
            distances = numpy.abs(mine.mean(axis=0) - others.mean(axis=0)) / spread
            entry["distance"] = float(distances.max())
            entry["typical_distance"] = float(numpy.sqrt((distances**2).mean()))
            entry["correlation"] = float(numpy.corrcoef(mine.mean(axis=0), others.mean(axis=0))[0, 1])
            # With few repeats the errors are rough themselves: distances are Student's.
            typical = math.sqrt((2 * many - 2) / (2 * many - 4))
            ok = entry["typical_distance"] < MOST_TYPICAL * typical and distances.max() < MOST_ERRORS
        print(json.dumps(entry), flush=True)
        if not ok:
            raise SystemExit(f"{method} and {peer} do not agree")
        self.found.append(entry)


def scores(found, features):
    return found.subset.set_index("feature").loc[range(features), "score"].to_numpy()


def compare(features, count, brief):
    network = Network(features).eval()
    rows = numpy.random.default_rng(3).uniform(0.5, 1.5, (count, features)).astype(numpy.float32)
    tensor = torch.tensor(rows)
    zeros = torch.zeros(1, features)
    pairs = Pairs(network, rows)

    def explained(method, data=rows, **options):
        return sg.explain_model(
            network, data, output=0, direction="down", test_data=data[:1], set_size=features, method=method, threads=1,
            **options,
        )

    def of(method, data=rows, **options):
        return lambda seed: scores(explained(method, data, seed=seed, **options), features)

    def mean_of(attribution):
        return attribution.detach().numpy().mean(axis=0)

    # |gradient · (0 − x)|, averaged.
    saliency = attr.Saliency(network)
    pairs.add("saliency", "captum.Saliency", of("saliency"),
              lambda seed: mean_of(saliency.attribute(tensor, target=0).abs() * tensor), exact=True)

    few = rows[: count // 4]
    few_tensor = torch.tensor(few)
    noisy = attr.NoiseTunnel(saliency)

    def their_smoothgrad(seed):
        torch.manual_seed(seed)
        slopes = noisy.attribute(few_tensor, target=0, nt_type="smoothgrad", nt_samples=50, stdevs=0.15, abs=True)
        return mean_of(slopes * few_tensor)

    def our_smoothgrad(seed):  # a sum over the copies
        return scores(explained("smoothgrad", few, seed=seed, smoothgrad_copies=50), features) / 50

    pairs.add("smoothgrad", "captum.NoiseTunnel", our_smoothgrad, their_smoothgrad, exact=False, many=REPEATS)

    # Exact changes by single features: ours ranks them, so ranks are compared.
    ablation = attr.FeatureAblation(network)

    def their_order(seed):
        return numpy.argsort(-mean_of(ablation.attribute(tensor, target=0, baselines=zeros)), kind="stable")

    def our_order(seed):
        return explained("knockout").subset["feature"].to_numpy()

    pairs.add("knockout", "captum.FeatureAblation", our_order, their_order, exact=True)

    # Shapley values of the mean output; as many permutations of each row.
    each = 2 if brief else 10
    sampled = attr.ShapleyValueSampling(network)

    def their_shapley(seed):
        torch.manual_seed(seed)
        return mean_of(sampled.attribute(few_tensor, target=0, baselines=zeros, n_samples=each,
                                         perturbations_per_eval=8))

    def our_shapley(seed, permutations=each * len(few)):
        found = explained("sage", few, seed=seed, sage_players=features, sage_threshold=0.0,
                          sage_permutations=permutations)
        return -len(few) * scores(found, features)

    pairs.add("sage", "captum.ShapleyValueSampling", our_shapley, their_shapley, exact=False, many=REPEATS)

    import shap

    def their_permutations(seed):
        explainer = shap.PermutationExplainer(
            lambda x: network(torch.tensor(x, dtype=torch.float32))[:, 0].detach().numpy(), zeros.numpy(), seed=seed)
        return explainer(few, max_evals=each // 2 * (2 * features + 1), silent=True).values.mean(axis=0)

    pairs.add("sage", "shap.PermutationExplainer", our_shapley, their_permutations, exact=False, many=REPEATS)

    import sage

    target, permutations = 2, each * len(few)

    def probabilities(x):
        with torch.no_grad():
            return torch.softmax(network(torch.tensor(x, dtype=torch.float32)), 1).numpy()

    def their_class(seed):
        estimator = sage.PermutationEstimator(sage.DefaultImputer(probabilities, numpy.zeros(features)),
                                              "cross entropy", random_state=seed)
        return estimator(few, numpy.full(len(few), target), batch_size=len(few), n_permutations=permutations,
                         detect_convergence=False, bar=False).values

    def our_class(seed):
        found = sg.explain_model(network, few, target=str(target), test_data=few[:1], set_size=features, method="sage",
                                 sage_players=features, sage_threshold=0.0, sage_permutations=permutations, threads=1,
                                 seed=seed)
        return len(few) * scores(found, features)

    pairs.add("sage, of a class", "sage.PermutationEstimator", our_class, their_class, exact=False, many=REPEATS)

    # One row: masks with probability 1/2, cosine, exp(−d²/0.25²), ridge 1.
    neighbours, one = 1000 if brief else 4000, rows[:1]

    def similarity(original, perturbed, kept, **_):
        distance = 1 - torch.sqrt(kept.float().mean())
        return torch.exp(-((distance / 0.25) ** 2))

    lime_of_captum = attr.Lime(network, interpretable_model=SkLearnRidge(alpha=1.0), similarity_func=similarity)

    def their_lime(seed):
        torch.manual_seed(seed)
        return numpy.abs(mean_of(lime_of_captum.attribute(tensor[:1], target=0, baselines=zeros, n_samples=neighbours,
                                                          perturbations_per_eval=64)))

    our_lime = of("lime", one, lime_neighbours=neighbours)
    pairs.add("lime", "captum.Lime", our_lime, their_lime, exact=False, many=REPEATS)

    from lime.lime_image import LimeImageExplainer

    def lime_of_lime(seed):
        explainer = LimeImageExplainer(kernel=lambda d, kernel_width: numpy.exp(-((d / kernel_width) ** 2)),
                                       random_state=seed)
        told = explainer.explain_instance(
            numpy.repeat(one[:, :, None], 3, axis=2).astype(float),
            lambda images: network(torch.tensor(images[:, 0, :, 0], dtype=torch.float32)).detach().numpy(),
            labels=(0,), top_labels=None, hide_color=0, num_features=features, num_samples=neighbours,
            batch_size=128, segmentation_fn=lambda image: numpy.arange(features).reshape(1, -1))
        return numpy.abs([value for _, value in sorted(told.local_exp[0])])

    pairs.add("lime", "lime.LimeImageExplainer", our_lime, lime_of_lime, exact=False, many=REPEATS)
    return pairs.found


def require_module_untouched():
    """Modes of each part, flags, gradients, buffers and numbers are as they were; in float64 and float32 alike."""
    data = numpy.random.default_rng(5).uniform(0.5, 1.5, (60, 12)).astype(numpy.float32)
    for dtype in (torch.float32, torch.float64):
        for training in (True, False):
            module = Network(12).to(dtype).train(training)
            module.layers[1].eval()  # frozen
            module.layers[0].weight.requires_grad_(False)
            before = {name: value.clone() for name, value in module.state_dict().items()}
            flags = [(p.requires_grad, p.grad) for p in module.parameters()]
            modes = [part.training for part in module.modules()]
            with torch.no_grad():  # as a notebook may
                found = sg.explain_model(module, data, output=0, set_size=3)
            assert modes == [part.training for part in module.modules()]
            assert flags == [(p.requires_grad, p.grad) for p in module.parameters()]
            assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
            alone = sg.explain_model(module.eval(), data, output=0, set_size=3)
            assert alone.subset.equals(found.subset), "eval() is what is asked, whatever the mode"
    buffers = torch.nn.Module()
    buffers.register_buffer("weights", torch.arange(12, dtype=torch.float64))
    buffers.forward = lambda rows: rows @ buffers.weights
    found = sg.explain_model(buffers, data, output=0, set_size=2)
    assert set(found.subset["feature"]) == {11, 10}
    scripted = torch.jit.script(torch.nn.Sequential(torch.nn.Linear(12, 2), torch.nn.Tanh()))
    assert len(sg.explain_model(scripted, data, output=0, set_size=2).subset) == 2
    assert scripted.training
    print("a module is left as it was found", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--brief", action="store_true", help="a small network, in seconds")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    sg.settings.verbosity = 0
    require_module_untouched()
    features, count = (20, 40) if arguments.brief else (100, 400)
    names = ("torch", "captum", "shap", "sage-importance", "lime", "numpy")
    found = {
        "features": features,
        "rows": count,
        "versions": {name: importlib.metadata.version(name) for name in names},
        "pairs": compare(features, count, arguments.brief),
    }
    with open(arguments.out, "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""A screen of perturbed combinations from planted truth, and what `grids validate` says of it.

    combinations.py BIN                              checks: the truth's own answers, the ceiling
    combinations.py BIN SIMULATION LINKS [CELLS]     the same beside links.tsv of grids redundancy

Every gene with two or more causes gets an arm for each cause closed alone, one for all closed, and a control,
of CELLS cells each. Counts of a cell are negative binomial around size × rate of the arm's setting
(truth_settings.tsv), with log-normal sizes, as GLiMMIRS (Zhou et al. 2024) simulates them; the effect of an arm
is the ratio of means, its error from the counts' variances."""
import csv
import math
import pathlib
import random
import subprocess
import sys
import tempfile

DISPERSION = 0.5  # variance of a count beyond Poisson ÷ mean²
SIZE_SD = 0.4     # of the log of a cell's size
CELLS = 400


def rows_of(path):
    with open(path, newline='') as file:
        return list(csv.DictReader(file, delimiter='\t'))


def write_rows(path, columns, rows):
    with open(path, 'w', newline='') as file:
        writer = csv.writer(file, delimiter='\t', lineterminator='\n')
        writer.writerow(columns)
        writer.writerows(rows)


def poisson(draw, mean):
    """Knuth's, in pieces that exp() can hold."""
    count = 0
    while mean > 0:
        piece = min(mean, 30.0)
        limit, product = math.exp(-piece), draw.random()
        while product > limit:
            product *= draw.random()
            count += 1
        mean -= piece
    return count


def arm_counts(draw, rate, cells):
    """Mean count and variance of the mean."""
    counts = []
    for _ in range(cells):
        mean = rate * math.exp(draw.gauss(0, SIZE_SD))
        counts.append(poisson(draw, mean * draw.gammavariate(1 / DISPERSION, DISPERSION)))
    mean = sum(counts) / cells
    variance = sum((count - mean) ** 2 for count in counts) / (cells - 1)
    return max(mean, 0.5 / cells), max(variance, mean) / cells


def settings_of(simulation):
    """gene → {frozenset of open causes: relative rate}"""
    settings = {}
    for row in rows_of(simulation / 'truth_settings.tsv'):
        opened = frozenset(part for part in row['open'].split(';') if part)
        settings.setdefault(row['gene'], {})[opened] = float(row['rate'])
    return settings


def base_rate(truth):
    """The rate with all causes closed, mean over types."""
    rates = [float(part.rsplit('=', 1)[1]) for part in truth['base_rates'].split(',')]
    return sum(rates) / len(rates)


def screen_rows(simulation, cells, seed):
    """Arms of every gene, as `--combinations` reads them."""
    settings = settings_of(simulation)
    for truth in rows_of(simulation / 'truth.tsv'):
        rates = settings.get(truth['gene'])
        if not rates:
            continue
        draw = random.Random(f"{seed} {truth['gene']}")
        causes = truth['peaks'].split(',')
        arms = [[cause] for cause in causes] + [causes]
        base = base_rate(truth)
        control, control_variance = arm_counts(draw, base * rates[frozenset(causes)], cells)
        for arm in arms:
            mean, variance = arm_counts(draw, base * rates[frozenset(causes) - set(arm)], cells)
            error = math.sqrt(variance / mean ** 2 + control_variance / control ** 2)
            yield [truth['gene'], ';'.join(causes), ';'.join(arm), math.log(mean / control), error]


def true_call(share, share_log):
    if min(share, share_log) > 0.15:
        return 'redundant'
    return 'cooperative' if max(share, share_log) < -0.15 else 'independent'


def truth_links(simulation):
    """The truth as a method of its own: what nothing can beat but by chance."""
    for truth in rows_of(simulation / 'truth.tsv'):
        causes = [peak for peak in truth['peaks'].split(',') if peak]
        if len(causes) < 2:
            continue
        rates = settings_of_gene(simulation, truth['gene'])
        whole, none = rates[frozenset(causes)], rates[frozenset()]
        without = [rates[frozenset(causes) - {cause}] for cause in causes]
        share = 1 - sum(whole - rate for rate in without) / (whole - none)
        share_log = 1 - sum(math.log(whole / rate) for rate in without) / math.log(whole / none)
        for cause in causes:
            yield ['truth', truth['gene'], cause, 1, share, true_call(share, share_log)]


def settings_of_gene(simulation, gene, known={}):
    if simulation not in known:
        known[simulation] = settings_of(simulation)
    return known[simulation][gene]


def validated(binary, simulation, links, screen, out):
    command = [binary, 'validate', str(links), '--genes', str(simulation / 'genes.bed'),
               '--combinations', str(screen), '-o', str(out), '--overwrite', '-q']
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.returncode}\n{done.stderr}")
    return [row for row in rows_of(out / 'validation.tsv') if row['what'].startswith('combinations')]


def figure(rows, what, subset):
    found = [row for row in rows if row['what'] == what and row['class'] == subset]
    if len(found) != 1:
        sys.exit(f'{what}, {subset}: {len(found)} rows')
    return {name: float(found[0][name]) if found[0][name] != 'NA' else math.nan
            for name in ('value', 'low', 'high', 'chance', 'n')}


def show(title, rows):
    print(title)
    for row in rows:
        print('  ' + '\t'.join(row[name] for name in ('what', 'class', 'value', 'low', 'high', 'chance', 'n')))


def check(condition, words):
    if not condition:
        sys.exit('FAILED: ' + words)
    print('ok: ' + words)


def check_truth(rows):
    """At these counts arms are noisy, so the truth itself does not reach 1."""
    for subset in ('hidden_share, same elements', 'hidden_share_log, same elements'):
        agreement = figure(rows, 'combinations_sign_agreement', subset)
        correlation = figure(rows, 'combinations_rank_correlation', subset)
        check(agreement['value'] > agreement['chance'] + 0.1, f'{subset}: signs of the truth agree beyond chance')
        check(agreement['low'] < agreement['value'] < agreement['high'], f'{subset}: the interval holds the value')
        check(correlation['low'] > 0.3, f'{subset}: the truth orders measured shares')
    check(figure(rows, 'combinations_coverage', 'same elements')['value'] == 1, 'each combination is found')
    for call in ('redundant', 'cooperative', 'independent'):
        borne_out = figure(rows, 'combinations_calls', call)
        check(borne_out['value'] > borne_out['chance'] + 0.1, f'true {call} sets are shown so beyond chance')


def main():
    binary = str(pathlib.Path(sys.argv[1]) / 'grids')
    with tempfile.TemporaryDirectory(prefix='grids-combinations-') as name:
        folder = pathlib.Path(name)
        given = len(sys.argv) > 3
        simulation = pathlib.Path(sys.argv[2]) if given else folder / 'simulation'
        if not given:
            subprocess.run([binary, 'simulate', '--preset', 'redundancy', '-o', str(simulation), '-q'], check=True)
        cells = int(sys.argv[4]) if len(sys.argv) > 4 else CELLS
        screen = folder / 'combinations.tsv'
        write_rows(screen, ['gene', 'elements', 'arm', 'log_fold', 'log_fold_error'],
                   screen_rows(simulation, cells, seed=1))
        truth = folder / 'truth_links.tsv'
        write_rows(truth, ['method', 'gene', 'peak', 'rank', 'hidden_share', 'call'], truth_links(simulation))
        rows = validated(binary, simulation, truth, screen, folder / 'truth')
        show(f'the truth itself, {cells} cells an arm', rows)
        if given:
            show(sys.argv[3], validated(binary, simulation, pathlib.Path(sys.argv[3]), screen, folder / 'links'))
        else:
            check_truth(rows)


main()

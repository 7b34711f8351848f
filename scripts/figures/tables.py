"""Every table of figures: the run that measures it, and how it is made of what the run wrote."""
import dataclasses
import typing

import compare
import for_my_data
import methods
import performance
import real_cells
import redundancy
import sets
import surrogate
import unpaired
import whole_run
import your_own_model


@dataclasses.dataclass(frozen=True)
class Table:
    run: str  # a function run_NAME of scripts/figures/*.sh, which writes into the folder of that name
    make: typing.Callable  # from that folder to Markdown

    def made_from(self, out):
        return self.make(out / self.run)


TABLES = {
    "compare-demo-held-out": Table("compare_demo", compare.held_out),
    "compare-demo-objective": Table("compare_demo", compare.objective),
    "compare-demo-planted": Table("compare_demo", compare.planted),
    "compare-more-planted": Table("compare_more", compare.planted),
    "compare-demo-128": Table("compare_128", compare.objective_of_largest),
    "compare-a549-objective": Table("compare_a549", compare.objective),
    "compare-a549-held-out": Table("compare_a549", compare.held_out),
    "compare-paper-objective": Table("compare_paper", compare.objective),
    "compare-paper-small-types": Table("compare_paper_small_types", compare.objective),
    "reach-folds": Table("reach", for_my_data.folds),
    "reach-pairs": Table("reach", for_my_data.pairs),
    "methods-cost": Table("methods_cost", methods.cost),
    "methods-cost-within-budget": Table("methods_cost", methods.cost_within_budget),
    "methods-planted": Table("methods_planted", methods.planted),
    "methods-peers": Table("methods_peers", methods.peers),
    "performance": Table("paper_scale", performance.figures),
    "whole-run": Table("whole_run", whole_run.stages),
    "atlas": Table("atlas", whole_run.atlas),
    "real-cells-builds": Table("genome_builds", real_cells.builds),
    "real-cells-gates": Table("real_cells", real_cells.gates),
    "real-cells-passed": Table("real_cells", real_cells.passed),
    "real-cells-targets": Table("real_cells", real_cells.targets),
    "redundancy-pairs": Table("redundancy", redundancy.pairs),
    "redundancy-others": Table("redundancy", redundancy.others),
    "redundancy-level": Table("redundancy", redundancy.level),
    "sets-planted": Table("sets_planted", sets.planted),
    "cis-latent-openness": Table("cis_latent_openness", surrogate.latent_openness),
    "cis-bars": Table("cis_bars", surrogate.cis_bars),
    "cis-user-recall": Table("cis_user", surrogate.user_recall),
    "cis-user-verdicts": Table("cis_user", surrogate.user_verdicts),
    "false-positives": Table("false_positives", surrogate.false_positives),
    "cis-choices": Table("cis_choices", surrogate.cis_choices),
    "surrogate-accuracy": Table("surrogate_accuracy", surrogate.accuracy),
    "surrogate-choices": Table("surrogate_choices", surrogate.choices),
    "limits-prediction": Table("limits", surrogate.limits_prediction),
    "limits-recovery": Table("limits", surrogate.limits_recovery),
    "digits": Table("digits", your_own_model.digits),
    "unpaired-beside-glue": Table("unpaired", unpaired.beside_glue),
}

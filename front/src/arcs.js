// What an arc of the genome, or a peak, looks like: colours that most colour-blind readers tell apart.

const FALLS = "#0072b2", RISES = "#d55e00", UNKNOWN = "#9a9a95"; // by what masking does to the prediction

/** Of members that the minimal sub-set can do without. */
export const SPARED = "#7fb8d8";

/** The colour says whether the prediction falls or rises when the member's element alone is masked. */
export function arcColour({ weight, minimal, partner }) {
  if (!Number.isFinite(weight)) return minimal || partner ? UNKNOWN : SPARED;
  return weight > 0 ? RISES : FALLS;
}

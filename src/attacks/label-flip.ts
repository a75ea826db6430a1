/**
 * Label flip (Tolpegin et al. 2020, "Data Poisoning Attacks Against Federated Learning Systems"; each label to its opposite as
 * in Fang et al. 2020): honest training on data whose label l is L − 1 − l.
 */
import type { PoisoningAttack } from './attack.ts'

export const labelFlip: PoisoningAttack = {
  name: 'labelFlip',
  kind: 'poisons',
  relabel: (label, labels) => labels - 1 - label
}

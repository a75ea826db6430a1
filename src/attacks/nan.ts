/** Not a number: a delta that no peer accepts. What is left of a round once it is refused must be enough for the rule. */
import type { ForgingAttack } from './attack.ts'

export const nan: ForgingAttack = {
  name: 'nan',
  kind: 'forges',
  alike: true,
  forge: ({ honest }) => new Float32Array(honest[0].length).fill(NaN)
}

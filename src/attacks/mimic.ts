/**
 * Mimic (Karimireddy, He, Jaggi 2022, "Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing"): all liars send what
 * one honest member sends. Nothing about it is an outlier; where data differs, that member's data counts for f + 1.
 */
import type { ForgingAttack } from './attack.ts'

/** @param target - which of the honest members of a round, from 0 on by their ids */
export function mimic(target: number): ForgingAttack {
  return {
    name: 'mimic',
    kind: 'forges',
    alike: true,
    forge: ({ honest }) => honest[target % honest.length].slice()
  }
}

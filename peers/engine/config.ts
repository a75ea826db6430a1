/** What the round machine is told: the federation's rules, and this peer's patience. */
import type { EngineOptions } from './components.ts'
import type { Manifest } from '../../src/federation/manifest/schema.ts'
import type { RoundConfig } from '../../src/rounds/index.ts'

/** The machine's configuration. */
export function roundConfig(of: { manifest: Manifest; options: EngineOptions }): RoundConfig {
  const { minContributors, deadline } = of.manifest.rounds
  const { proposeMs, voteMs } = of.options
  return { faultModel: of.manifest.membership.faultModel, minContributors, deadline, proposeMs, voteMs }
}

/** What the rounds tell of the members' conduct, beside what each protocol sees on its connections. */
import type { Judge } from '../../../protocols/common/conduct.ts'
import type { CommitBody } from '../../../src/federation/records.ts'
import type { RoundEngine } from '../../engine/engine.ts'

/** Let the engine's events count. */
export function judgeRounds(engine: RoundEngine, judge: Judge): void {
  engine.addEventListener('proposal:refused', ({ detail }) => judge.blame(detail.author, 'false-proposal'))
  engine.addEventListener('evidence:refused', ({ detail }) => judge.blame(detail.author, 'false-evidence'))
  engine.addEventListener('commit', ({ detail: { tip } }) => {
    for (const author of refusedAlone(tip.body)) judge.blame(author, 'refused-update')
  })
}

/**
 * Authors of refused updates, in a commit that all members see alike. Where many are refused it is the training that
 * diverges, and nobody is to blame.
 */
export function refusedAlone({ contributions }: Pick<CommitBody, 'contributions'>): string[] {
  const refused = contributions.filter((contribution) => contribution.refused != null)
  return 3 * refused.length <= contributions.length ? refused.map(({ author }) => author) : []
}

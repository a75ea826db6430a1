import { expect } from 'chai'
import { Bodies, InvalidProposalError } from '../../../peers/engine/height/bodies.ts'
import { genesisTip, nextHeight } from '../../../src/rounds/index.ts'
import { failure } from '../../helpers/failure.ts'
import { federation, payload, proposal, small } from '../../fuzz/samples.ts'
import type { BodiesInit } from '../../../peers/engine/height/bodies.ts'
import type { Proposal } from '../../../src/federation/records.ts'

/** Bodies of the first height; nothing that is not to be reached is there. */
function bodies(): Bodies {
  const tip = genesisTip(federation, small.manifest.value, payload)
  const position = { tip, weights: new Float32Array(1), moments: new Float32Array() }
  const init = { position, height: nextHeight(tip), now: () => tip.body.time }
  return new Bodies(init as unknown as BodiesInit)
}

describe('a proposal of a member', () => {
  for (const [what, updates] of Object.entries({
    'that is no record': [new Uint8Array(100)],
    'of which a part is missing': proposal.updates.map((bytes) => bytes.subarray(0, 50)),
    'whose signature does not hold': proposal.updates.map((bytes) =>
      bytes.with(bytes.length - 1, bytes[bytes.length - 1] ^ 1)
    )
  })) {
    it(`with an update ${what} does not hold, which is final: nobody asks again`, async () => {
      const body = { ...proposal.body, time: small.manifest.value.createdAt }
      const refused = await failure(
        bodies().check({ ...proposal, body, updates } as Proposal),
        InvalidProposalError
      )
      expect(refused.message).to.include('an update in it cannot be read')
    })
  }
})

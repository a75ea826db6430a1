/** A whole manifest of the demo's digits. */
import { manifestSchema } from '../../../src/federation/manifest/schema.ts'
import type { Manifest, ManifestDraft } from '../../../src/federation/manifest/schema.ts'

export function digits(changes: Partial<ManifestDraft> = {}): Manifest {
  const input = { kind: 'image' as const, height: 28, width: 28, channels: 1 as const }
  return manifestSchema.parse({
    name: 'digits',
    task: { kind: 'classification', input, labels: [...'0123456789'] },
    model: { architecture: { preset: 'mlp', hidden: [16] } },
    ...changes,
    version: 1,
    founder: '12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo',
    createdAt: 0,
    nonce: new Uint8Array(16)
  })
}

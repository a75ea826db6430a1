/** The model that engines are compared on: McMahan et al. 2017, https://arxiv.org/abs/1602.05629, their 2NN. */
import { manifestDraftSchema } from '../../../src/federation/manifest/schema.ts'
import type { ModelManifest } from '../../../src/model/task.ts'

/** 784-200-200-10 at batch size 32. */
export function referenceModel(): ModelManifest {
  const { task, model, training } = manifestDraftSchema.parse({
    name: '2NN',
    task: {
      kind: 'classification',
      input: { kind: 'image', height: 28, width: 28, channels: 1 },
      labels: [...'0123456789']
    },
    model: { architecture: { preset: 'mlp', hidden: [200, 200] }, initial: { seed: 1 } },
    training: { batchSize: 32 }
  })
  return { task, model, training }
}

import { engineSweep, historySweep } from './sweeps.ts'

describe('many histories of random faults within the bound', () => {
  historySweep(2000)
})

describe('many histories with real engines and real signatures', () => {
  engineSweep(40)
})

/**
 * How good the model is: on all held-out examples, and on those of each client where data is divided by its nature. Where
 * layers stay with clients, each is measured with its own model: on its own held-out examples, or on all where these belong
 * to nobody, with the noise that its own have.
 */
import { evaluateShared, meanOf } from './evaluate.ts'
import { localParts } from '../../../src/model/local.ts'
import { manifestOf } from '../plan/parse.ts'
import type { Metrics } from '../../../src/federation/records.ts'
import type { ClientData, Stretch } from '../data/load.ts'
import type { RunInput, RunResult, RunState } from './run.ts'

interface Clients {
  clients: readonly ClientData[]
  state: Pick<RunState, 'locals'>
}

/** Of the model that the threads share. */
export async function evaluateAll(input: RunInput, of: Clients): Promise<Metrics> {
  const { plan, data, pool } = input
  const whole = plan.task.metrics.includes('auc')
  if (!isLocal(input)) return await evaluateShared({ pool, from: 0, to: data.test.size, whole })
  if (data.owners != null && !isPooled(input)) {
    const each = await evaluateByClient(input, of)
    return meanOf(each.map(({ metrics }) => metrics))
  }
  const all = { pool, from: 0, to: data.test.size, whole }
  const each = [...of.state.locals].map(async ([client, local]) => {
    const noise = { deviation: of.clients.at(client)?.noise ?? 0, seed: client }
    return await evaluateShared({ ...all, local, noise })
  })
  return meanOf(await Promise.all(each))
}

/** A client that does not train is measured with the first one's values. */
export async function evaluateByClient(input: RunInput, { state }: Clients): Promise<RunResult['byClient']> {
  const { data, pool } = input
  const results = []
  const trained = trainedOwners(input)
  for (const { name, from, to } of data.owners?.test ?? []) {
    if (to <= from) continue
    const client = Math.max(
      0,
      trained.findIndex((owner) => owner.name === name)
    )
    const local = isLocal(input) ? (state.locals.get(isPooled(input) ? 0 : client) ?? null) : null
    results.push({ name, metrics: await evaluateShared({ pool, from, to, whole: true, local }) })
  }
  return results
}

function trainedOwners({ plan, data }: RunInput): Stretch[] {
  const only = 'clients' in plan.data ? plan.data.only : undefined
  return (data.owners?.train ?? []).filter(({ name }) => only?.includes(name) ?? true)
}

function isPooled({ plan }: RunInput): boolean {
  return 'clients' in plan.data && plan.data.pooled
}

function isLocal({ plan, seed }: RunInput): boolean {
  return plan.training.local != null && localParts(manifestOf(plan, seed)).length > 0
}

import { expect } from 'chai'
import { InvalidPlanError, parsePlan } from '../../../peers/simulate/index.ts'
import { combinations } from '../../../peers/simulate/plan/grid.ts'
import { clientsOf, manifestOf } from '../../../peers/simulate/plan/parse.ts'
import { digitsPlan, yamlOf } from './plans.ts'

/** The message of the refusal. */
function refusal(plan: Record<string, unknown> | string): string {
  try {
    parsePlan(typeof plan === 'string' ? plan : yamlOf(plan))
  } catch (error) {
    if (error instanceof InvalidPlanError) return error.message
    throw error
  }
  throw new Error('It was not refused')
}

describe('a plan', () => {
  it('has the manifest’s defaults, and its own', () => {
    const [{ name, plan }] = parsePlan(yamlOf(digitsPlan()))
    expect(name).to.equal('digits')
    expect(plan.aggregation.rule).to.deep.equal({ name: 'mean' })
    expect(plan.exchange.codec).to.deep.equal({ name: 'fp32' })
    expect(plan).to.deep.include({ cohort: 1, evaluateEvery: 1, seeds: [1], clients: 10 })
    expect(plan.data).to.deep.equal({ path: 'demo:1', partition: { name: 'iid' } })
  })

  it('makes the manifest that its federation would have', () => {
    const target = { metric: 'accuracy', value: 0.9 }
    const [{ plan }] = parsePlan(yamlOf(digitsPlan({ clients: 100, cohort: 0.1, target })))
    const { model, rounds } = manifestOf(plan, 7)
    expect(model.initial).to.deep.equal({ seed: 7 })
    expect(rounds).to.deep.include({ startMembers: 100, minContributors: 10, cohort: 0.1 })
    expect(rounds.stop).to.deep.equal({ rounds: 4, target })
  })

  it('counts its clients', () => {
    const count = (more: Record<string, unknown>): number =>
      clientsOf(parsePlan(yamlOf(digitsPlan(more)))[0].plan)
    const names = ['a', 'b', 'c'].map((name) => ({ name, path: `demo:${name.charCodeAt(0)}` }))
    expect(count({})).to.equal(10)
    expect(count({ clients: undefined, data: { clients: names } })).to.equal(3)
    expect(count({ clients: undefined, data: { clients: names, only: ['a', 'c'] } })).to.equal(2)
    expect(count({ clients: undefined, data: { clients: names, pooled: true } })).to.equal(1)
    const byzantine = { count: 1, attack: { name: 'nan' } }
    expect(count({ clients: undefined, data: { clients: names }, byzantine })).to.equal(4)
  })

  it('is refused with the field, its line, what was expected and what was found', () => {
    expect(refusal(digitsPlan({ rounds: 0 }))).to.match(/line \d+, rounds: .*>=1, found 0/)
    expect(refusal(digitsPlan({ cohort: 2 }))).to.match(/line \d+, cohort: .*<=1, found 2/)
    expect(refusal(digitsPlan({ rouns: 3 }))).to.match(/line \d+, rouns: there is no such setting/)
    expect(refusal(digitsPlan({ rounds: undefined }))).to.match(/rounds: missing \(expected number\)/)
    const data = { path: 'x', partition: { name: 'dirichlet', alpha: -1 } }
    expect(refusal(digitsPlan({ data }))).to.match(/line \d+, data\.partition\.alpha: .*>0, found -1/)
    const attack = { name: 'flip' }
    expect(refusal(digitsPlan({ byzantine: { count: 1, attack } }))).to.match(
      /byzantine\.attack\.name: .*found "flip"/
    )
    expect(refusal('- 1')).to.include('expected a map of settings')
    expect(refusal('name: [')).to.include('not YAML')
  })

  it('is refused where its parts do not fit each other', () => {
    expect(refusal(digitsPlan({ clients: undefined }))).to.match(/clients: missing/)
    const byzantine = { count: 5, attack: { name: 'nan' } }
    expect(refusal(digitsPlan({ byzantine }))).to.match(
      /byzantine\.count: expected less than half of the 10 clients, found 5/
    )
    const clients = [{ name: 'a', path: 'demo:1' }]
    expect(refusal(digitsPlan({ data: { clients } }))).to.match(/clients: data\.clients says how many/)
    expect(refusal(digitsPlan({ clients: undefined, data: { clients, only: ['b'] } }))).to.match(
      /data\.only: expected names among a, found "b"/
    )
    const twice = [...clients, ...clients]
    expect(refusal(digitsPlan({ clients: undefined, data: { clients: twice } }))).to.match(
      /"a" is there twice/
    )
    const aggregation = { rule: { name: 'bulyan', byzantine: 3 } }
    expect(refusal(digitsPlan({ aggregation }))).to.match(/aggregation\.rule: bulyan needs 15 updates/)
    expect(refusal(digitsPlan({ exchange: { codec: 'auto' } }))).to.match(
      /exchange\.codec: auto goes by links/
    )
    const regression = digitsPlan({
      task: { ...(digitsPlan()['task'] as object), kind: 'regression', labels: [], metrics: ['mae'] },
      training: { loss: 'meanSquaredError' },
      data: { path: 'x', partition: { name: 'labels', labelsPerClient: 2 } }
    })
    expect(refusal(regression)).to.match(/data\.partition\.name: expected a partition that needs no labels/)
    const target = { metric: 'mae', value: 1 }
    expect(refusal(digitsPlan({ target }))).to.match(/target\.metric: mae is not measured/)
  })

  it('may have any number of liars, but not the client that is trusted', () => {
    const rule = { name: 'fltrust' }
    const byzantine = { count: 14, attack: { name: 'signFlip' } }
    const most = { clients: 24, byzantine, aggregation: { rule } }
    const [{ plan }] = parsePlan(yamlOf(digitsPlan({ ...most, root: 9 })))
    expect(plan.root).to.equal(9)
    expect(refusal(digitsPlan({ ...most, root: 10 }))).to.match(
      /line \d+, root: fltrust trusts client 10, but honest are only the first 10 \(0 to 9\)/
    )
    expect(refusal(digitsPlan({ ...most, clients: 14 }))).to.match(
      /byzantine\.count: fltrust trusts client 0, but all of them lie/
    )
    expect(refusal(digitsPlan({ ...most, aggregation: { rule: { name: 'mean' } } }))).to.match(
      /byzantine\.count: expected less than half of the 24 clients, found 14/
    )
    const id = '12D3KooWGQmdpzHXCqLno4mMxWXKNFQHASBeF99gTm2JR8Vu5Bdc'
    expect(refusal(digitsPlan({ aggregation: { rule: { ...rule, root: id } } }))).to.match(
      /aggregation\.rule\.root: clients of a simulation have no peer ids/
    )
    expect(refusal(digitsPlan({ cohort: 0.5, aggregation: { rule } }))).to.match(
      /cohort: fltrust needs the update/
    )
  })

  it('is refused with the variant that is wrong', () => {
    const grid = [{ good: {}, bad: { aggregation: { rule: { name: 'krum', byzantine: 9 } } } }]
    expect(refusal(digitsPlan({ grid }))).to.match(/aggregation\.rule: krum needs .* \(variant bad\)/)
    const alike = [{ 'z 1': {}, 'z-1': {} }]
    expect(refusal(digitsPlan({ grid: alike }))).to.match(
      /grid: two variants would both have the files "z-1"/
    )
    const axes = Array.from({ length: 4 }, () =>
      Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`v${i}`, {}]))
    )
    expect(refusal(digitsPlan({ grid: axes }))).to.match(/grid: 1296 combinations, at most 1000/)
  })
})

describe('a grid', () => {
  it('makes every combination, the last axis fastest', () => {
    const made = combinations({ a: 1, b: 1 }, [
      { x: { a: 2 }, y: { a: 3 } },
      { u: { b: 4 }, v: {} }
    ])
    expect(made).to.deep.equal([
      { names: ['x', 'u'], value: { a: 2, b: 4 } },
      { names: ['x', 'v'], value: { a: 2, b: 1 } },
      { names: ['y', 'u'], value: { a: 3, b: 4 } },
      { names: ['y', 'v'], value: { a: 3, b: 1 } }
    ])
  })

  it('merges maps, replaces kinds and lists, and takes away what is null', () => {
    const plan = { rule: { name: 'krum', byzantine: 2 }, training: { a: 1, b: [1, 2] }, gone: 1 }
    const over = { rule: { name: 'mean' }, training: { b: [3] }, gone: null }
    expect(combinations(plan, [{ v: over }])[0].value).to.deep.equal({
      rule: { name: 'mean' },
      training: { a: 1, b: [3] }
    })
    expect(plan.training.b).to.deep.equal([1, 2])
  })
})

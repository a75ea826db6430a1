/** Four real processes on loopback, driven by the command line alone. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startChild } from '../../../peers/cli/cmds/demo/child.ts'
import { LOCAL, MURMUR } from '../../e2e/world.ts'
import type { Child, ChildEvent } from '../../../peers/cli/cmds/demo/child.ts'
import type { Plan } from './plans.ts'

const STILL = join(import.meta.dirname, 'still.ts')
const execute = promisify(execFile)

/** What one peer did. */
export interface PeerRun {
  events: ChildEvent[]
  commit: string
  bytesOut: number
  /** Of the process, at its peak. */
  peakRssMb: number
  /** User and system time of all its threads. */
  cpuSeconds: number
  disconnections: number
}

/** A whole run. */
export interface Run {
  peers: PeerRun[]
  /** From the first process's start to the last peer's `finished`. */
  wallSeconds: number
  /** Of the final model, on the common (or the first peer's) test data. */
  evaluation: Record<string, number>
}

/** Run a plan; everything is stopped and removed when this settles. */
export async function run(plan: Plan, onEvent: (peer: number, event: ChildEvent) => void): Promise<Run> {
  const directory = await mkdtemp(join(tmpdir(), 'murmur-bench-'))
  const children: Child[] = []
  try {
    return await runIn(directory, plan, { children, onEvent })
  } finally {
    await Promise.all(children.map((child) => child.stop()))
    await rm(directory, { recursive: true, force: true })
  }
}

interface RunParts {
  children: Child[]
  onEvent: (peer: number, event: ChildEvent) => void
}

async function runIn(directory: string, plan: Plan, { children, onEvent }: RunParts): Promise<Run> {
  const homes = plan.data.map((_, i) => join(directory, `peer-${i + 1}`))
  const events: ChildEvent[][] = homes.map(() => [])
  const manifest = join(directory, 'manifest.yaml')
  await writeFile(manifest, plan.yaml)
  const startedAt = performance.now()
  await murmur(['init', plan.name, '--from', manifest, '--home', homes[0]])
  const start = (index: number, args: string[]): Child => {
    const child = startChild({
      self: { command: process.execPath, args: [plan.train ? MURMUR : STILL] },
      name: `peer ${index + 1}`,
      args: [...args, '--home', homes[index], ...plan.data[index], ...LOCAL],
      env: process.env,
      onEvent: (event) => {
        if (event.event !== 'training:progress') events[index].push(event)
        onEvent(index, event)
      }
    })
    children.push(child)
    return child
  }
  await start(0, ['start']).waitFor('listen')
  const { invite } = await murmur(['invite', '--uses', String(homes.length - 1), '--home', homes[0]])
  for (let i = 1; i < homes.length; i++) start(i, ['join', String(invite), '--yes'])
  const finished = Promise.all(children.map((child) => child.waitFor('finished')))
  const [first] = await Promise.race([finished, ...children.map((child) => child.failed)])
  const wallSeconds = (performance.now() - startedAt) / 1000
  const peers = await Promise.all(children.map((child, i) => outcome(child, homes[i], events[i])))
  return { peers, wallSeconds, evaluation: first['evaluation'] as Record<string, number> }
}

async function outcome(child: Child, home: string, events: ChildEvent[]): Promise<PeerRun> {
  const { commit, bytesOut } = await murmur(['status', '--home', home])
  return {
    events,
    commit: String(commit),
    bytesOut: Number(bytesOut),
    peakRssMb: await peakRssMb(child.pid),
    cpuSeconds: await cpuSeconds(child.pid),
    disconnections: events.filter(({ event }) => event === 'member:disconnect').length
  }
}

async function murmur(args: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await execute(process.execPath, [MURMUR, ...args, '--json'])
  return JSON.parse(stdout) as Record<string, unknown>
}

/** Linux counts it for us; elsewhere it is not known. */
async function peakRssMb(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1000)
}

/** Fields 14 and 15 of /proc/<pid>/stat, in ticks of 10 ms; see proc(5). The name before them may hold spaces. */
async function cpuSeconds(pid: number | undefined): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

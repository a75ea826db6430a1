/** A Library that keeps all in memory and notes what the commands do with it. */
import { founding } from '../../../../src/federation/manifest/index.ts'
import { UserError } from '../../../../peers/cli/output/exit.ts'
import { person } from '../../../federation/world.ts'
import { emptyReport } from '../../../../peers/engine/audit/report.ts'
import { FakePeer, FakeSource } from './peer.ts'
import { ALICE, digitsManifest, healthy, NOW } from './samples.ts'
import type {
  ControlClient,
  Evaluation,
  HomeInfo,
  Invitation,
  InviteSummary,
  Library,
  OutputFile,
  Prediction,
  RememberedOptions
} from '../../../../peers/cli/library/types.ts'
import type { SimulationProgress, SimulationResult } from '../../../../peers/simulate/index.ts'
import type { AuditReport } from '../../../../peers/engine/audit/report.ts'
import type { InstallPlan } from '../../../../peers/node/compute/native/install.ts'
import type { KeptModel } from '../../../../peers/node/model/index.ts'
import type { DoctorReport } from '../../../../peers/node/doctor/index.ts'
import type { DataOptions, Peer, PeerInit } from '../../../../peers/node/types.ts'
import type { Manifest } from '../../../../src/federation/manifest/index.ts'
import type { Signed } from '../../../../src/federation/signed.ts'
import type { Trainer } from '../../../../src/training/types.ts'

type Args<Name extends keyof Library> = Parameters<Library[Name]>

/** What a test sets before the command runs, and looks at after. */
export class FakeLibrary implements Library {
  readonly manifest: Signed<Manifest>
  /** Null: nothing was founded or joined yet. */
  home: HomeInfo | null
  peer: FakePeer
  /** Null: no peer runs. */
  control: ControlClient | null = null
  disk = new FakeSource()
  invite: InviteSummary
  encrypted = false
  predictions: Prediction[] = []
  evaluation: Evaluation = { metrics: { accuracy: 0.9, loss: 0.3, samples: 1000 }, confusion: null }
  files: OutputFile[] = []
  /** What `startTrainer` gives. */
  trainer: Trainer | null = null
  /** The model that is kept in the home. */
  personal: KeptModel | null = null
  /** What a simulation reports, and comes to. */
  progress: SimulationProgress[] = []
  simulation: SimulationResult = { out: '/out', summaries: [], table: [['variant', 'accuracy']] }
  audit: AuditReport = emptyReport('bafyFederation')
  report: DoctorReport = healthy
  install: InstallPlan = {
    folder: '/home/alice/.cache/murmuration/native/tfjs-node',
    isDone: false,
    archives: [{ name: 'tensorflow-cpu', version: '2.19.1', sizeBytes: 251_795_484 }],
    diskBytes: 1_100_000_000
  }
  /** Method and argument of every call that changes something or takes the person's words. */
  readonly calls: [keyof Library | 'accept', unknown][] = []
  /** What `murmur stop` sets off in a served peer. */
  stopServed: () => void = () => undefined
  /** Set to let a call fail. */
  readonly failures: Partial<Record<keyof Library | 'stopControl', Error>> = {}

  constructor(manifest: Signed<Manifest>) {
    this.manifest = manifest
    this.home = { dir: '/home/alice/.murmur', peerId: ALICE, manifest, founder: true, remembered: {} }
    this.peer = new FakePeer(manifest.value)
    this.invite = {
      text: 'murmur:o2Zpbn',
      federation: manifest.cid.toString(),
      name: manifest.value.name,
      role: 'member',
      expiresAt: NOW + 7 * 86_400_000,
      maxUses: 1,
      addresses: ['/ip4/192.168.1.5/tcp/4001']
    }
  }

  static async create(): Promise<FakeLibrary> {
    return new FakeLibrary(await digitsManifest())
  }

  /** Arguments of the calls of one method. */
  called<T = unknown>(method: keyof Library | 'accept'): T[] {
    return this.calls.filter(([name]) => name === method).map(([, argument]) => argument as T)
  }

  async found(options: Args<'found'>[0]): Promise<HomeInfo> {
    this.#note('found', options)
    const { key, id } = await person(1)
    const nonce = new Uint8Array(16).fill(1)
    const manifest = await founding({ draft: options.draft, founderKey: key, now: options.now, nonce })
    this.home = { dir: options.home, peerId: id, manifest, founder: true, remembered: {} }
    return this.home
  }

  async openHome(home: string): Promise<HomeInfo> {
    const known = await this.findHome(home)
    if (known == null) throw new UserError(`There is no federation in ${home}. Found or join one.`)
    return known
  }

  async findHome(home: string): Promise<HomeInfo | null> {
    this.#failIfTold('findHome')
    return this.home == null ? null : { ...this.home, dir: home }
  }

  async remember(home: string, options: RememberedOptions): Promise<void> {
    this.#note('remember', { home, options })
  }

  async needsPassphrase(): Promise<boolean> {
    return this.encrypted
  }

  async createPeer(init: PeerInit): Promise<Peer> {
    this.#note('createPeer', init)
    return this.peer
  }

  async serveControl({ home, stop }: Args<'serveControl'>[0]): Promise<{ stop(): Promise<void> }> {
    this.#note('serveControl', home)
    this.stopServed = stop
    return {
      stop: async () => {
        this.peer.calls.push('control stopped')
        this.#failIfTold('stopControl')
      }
    }
  }

  async connect(): Promise<ControlClient | null> {
    this.#failIfTold('connect')
    return this.control
  }

  async openDisk(): Promise<FakeSource> {
    return this.disk
  }

  async verifyLedger(home: string): Promise<AuditReport> {
    this.#note('verifyLedger', home)
    return this.audit
  }

  async readInvite(text: string): Promise<InviteSummary> {
    this.#note('readInvite', text)
    return { ...this.invite, text: text.trim() }
  }

  async knock(invite: string, options: { signal: AbortSignal }): Promise<Invitation> {
    this.#note('knock', invite)
    options.signal.throwIfAborted()
    return {
      manifest: this.manifest,
      accept: async (accepted) => {
        this.calls.push(['accept', accepted])
        this.home = {
          dir: accepted.home,
          peerId: ALICE,
          manifest: this.manifest,
          founder: false,
          remembered: {}
        }
      }
    }
  }

  async inviteOffline(options: Args<'inviteOffline'>[0]): Promise<string> {
    this.#note('inviteOffline', options)
    return 'murmur:fromTheFiles'
  }

  async describeData(data: DataOptions, manifest: Manifest): Promise<string[]> {
    this.#note('describeData', data)
    return [`900 examples to train on for ${manifest.name}`]
  }

  async startTrainer(options: Args<'startTrainer'>[0]): Promise<Trainer> {
    this.#note('startTrainer', options)
    if (this.trainer == null) throw new Error('No trainer in this fake')
    return this.trainer
  }

  async savePersonal(home: string, model: KeptModel): Promise<string> {
    this.#note('savePersonal', { home, model })
    this.personal = model
    return `${home}/personal.safetensors`
  }

  async readPersonal(home: string): Promise<KeptModel> {
    this.#note('readPersonal', home)
    if (this.personal == null) throw new UserError(`There is no personal model in ${home} yet.`)
    return this.personal
  }

  async exportModel(input: Args<'exportModel'>[0]): Promise<OutputFile[]> {
    this.#note('exportModel', input)
    return this.files
  }

  async describeModel(): Promise<{ name: string; shape: number[]; size: number }[]> {
    return [
      { name: 'dense/kernel', shape: [784, 200], size: 156_800 },
      { name: 'dense/bias', shape: [200], size: 200 }
    ]
  }

  async predict(input: Args<'predict'>[0]): Promise<Prediction[]> {
    this.#note('predict', input)
    return this.predictions
  }

  async evaluate(input: Args<'evaluate'>[0]): Promise<Evaluation> {
    this.#note('evaluate', input)
    return this.evaluation
  }

  async examine({ home }: Args<'examine'>[0]): Promise<DoctorReport> {
    this.#note('examine', home)
    return this.report
  }

  async planNative(): Promise<InstallPlan> {
    this.#failIfTold('planNative')
    return this.install
  }

  async installNative({ onStep }: Args<'installNative'>[0]): Promise<string> {
    this.#note('installNative', null)
    onStep?.('Compiling')
    return this.install.folder
  }

  async simulate(init: Args<'simulate'>[0]): Promise<SimulationResult> {
    this.#note('simulate', init)
    for (const progress of this.progress) init.onProgress?.(progress)
    return this.simulation
  }

  #note(method: keyof Library, argument: unknown): void {
    this.calls.push([method, argument])
    this.#failIfTold(method)
  }

  #failIfTold(method: keyof Library | 'stopControl'): void {
    const failure = this.failures[method]
    if (failure != null) throw failure
  }
}

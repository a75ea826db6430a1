/** What the commands need of the rest of murmuration that touches disk, network or threads. Tests hand in their own. */
import type {
  DataOptions,
  InviteOptions,
  Peer,
  PeerInit,
  PeerStatus,
  CommitSummary,
  RecoverOptions
} from '../../node/types.ts'
import type { InviteSummary } from '../../node/invites.ts'
import type { InstallOptions, InstallPlan } from '../../node/compute/native/install.ts'
import type { DoctorReport, ExamineOptions } from '../../node/doctor/index.ts'
import type { SimulateInit, SimulationResult } from '../../simulate/index.ts'
import type { AuditReport } from '../../engine/audit/index.ts'
import type { VerifyLedgerOptions } from '../../node/peer/audit.ts'
import type {
  Evaluation,
  ExportInit,
  KeptModel,
  ModelInput,
  OutputFile,
  PredictInit,
  Prediction,
  WeightDescription
} from '../../node/model/index.ts'
import type { CheckedDraft, Manifest } from '../../../src/federation/manifest/index.ts'
import type { BackendName } from '../../../src/compute/names.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { Trainer } from '../../../src/training/types.ts'

export type { InviteSummary } from '../../node/invites.ts'
export type { Evaluation, ModelInput, OutputFile, Prediction } from '../../node/model/index.ts'

/** A home directory that belongs to a federation. */
export interface HomeInfo {
  dir: string
  peerId: string
  manifest: Signed<Manifest>
  founder: boolean
  /** Settings of the last start, used again when a start names none. */
  remembered: RememberedOptions
}

/** What a peer remembers from one start to the next. */
export interface RememberedOptions {
  data?: DataOptions
  listen?: string[]
}

/** Where a federation's state is read from: the running peer, or its files when none runs. */
export interface StateSource {
  origin: 'peer' | 'disk'
  status(): Promise<PeerStatus>
  /** Commits of heights `from`…, oldest first. */
  ledger(options: { from: number; limit: number }): AsyncIterable<CommitSummary>
  /** The latest committed weights, layout order. */
  weights(): Promise<Float32Array>
  close(): Promise<void>
}

/** A running peer, over its control socket. */
export interface ControlClient extends StateSource {
  origin: 'peer'
  invite(options: InviteOptions): Promise<string>
  revoke(target: { invite: string } | { peerId: string }): Promise<void>
  /** The signed record. */
  recover(options: RecoverOptions): Promise<Uint8Array>
  followRecovery(which?: { commit?: string; record?: Uint8Array }): Promise<void>
  refuseRecovery(commit?: string): Promise<void>
  stop(): Promise<void>
}

/** What the inviting side answered: enough to show the manifest, and to join. */
export interface Invitation {
  manifest: Signed<Manifest>
  /** Become a member: make a key if there is none, a certificate, and write the home directory. */
  accept(options: { home: string; passphrase?: string }): Promise<void>
}

export interface Library {
  /** Make a key and sign a manifest. @throws when the home already has a federation */
  found(options: {
    home: string
    draft: CheckedDraft
    yaml: string
    passphrase?: string
    now: number
  }): Promise<HomeInfo>
  /** @throws an error that says how to found or join when there is no federation in `home` */
  openHome(home: string): Promise<HomeInfo>
  /** The same, or null when there is none. */
  findHome(home: string): Promise<HomeInfo | null>
  remember(home: string, options: RememberedOptions): Promise<void>
  /** True when the identity in `home` is encrypted. */
  needsPassphrase(home: string): Promise<boolean>
  createPeer(init: PeerInit): Promise<Peer>
  /** Answer `murmur status` and the like on the home's socket until stopped. */
  serveControl(options: { home: string; peer: Peer; stop(): void }): Promise<{ stop(): Promise<void> }>
  /** Null when no peer runs in `home`. */
  connect(home: string): Promise<ControlClient | null>
  /** State from the files of a home in which no peer runs. */
  openDisk(home: string): Promise<StateSource>
  /** Check the ledger of a home in which no peer runs. */
  verifyLedger(home: string, options: VerifyLedgerOptions): Promise<AuditReport>
  readInvite(text: string): Promise<InviteSummary>
  /** Ask the inviting side for the manifest. @throws with the addresses tried when nobody answers */
  knock(invite: string, options: { signal: AbortSignal }): Promise<Invitation>
  /** Make an invite with the home's key while no peer runs. */
  inviteOffline(options: {
    home: string
    passphrase?: string
    now: number
    invite: InviteOptions
  }): Promise<string>
  /** Open the data and say what is in it. @throws when it does not fit the manifest */
  describeData(data: DataOptions, manifest: Manifest): Promise<string[]>
  /** A trainer in its own thread. */
  startTrainer(options: {
    manifest: Manifest
    data: DataOptions
    backend?: BackendName
    threads?: number
  }): Promise<Trainer>
  exportModel(init: ExportInit): Promise<OutputFile[]>
  /** Layer by layer: name, shape, number of weights. */
  describeModel(manifest: Manifest): Promise<WeightDescription[]>
  predict(init: PredictInit): Promise<Prediction[]>
  evaluate(init: ModelInput & { data: DataOptions }): Promise<Evaluation>
  /** Keep a personal model in a home. Resolves with the file. */
  savePersonal(home: string, model: KeptModel, manifest: Signed<Manifest>): Promise<string>
  /** @throws when there is none */
  readPersonal(home: string, manifest: Signed<Manifest>): Promise<KeptModel>
  /** What this machine can do for a peer; `home` need not exist. */
  examine(options: ExamineOptions): Promise<DoctorReport>
  /** What building TensorFlow's binding would take. @throws when it cannot be built here */
  planNative(options: { signal: AbortSignal }): Promise<InstallPlan>
  /** Build it. Resolves with the folder. */
  installNative(options: InstallOptions): Promise<string>
  /** Run a plan, on threads of its own. */
  simulate(init: SimulateInit): Promise<SimulationResult>
}

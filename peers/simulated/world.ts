/** What a simulated peer needs of the world around it. */
import type { VirtualDisk } from './stage/disk.ts'
import type { SimFederation } from './federation.ts'
import type { Answer, Question } from './peer/inquiry.ts'
import type { SimPeer } from './peer/peer.ts'
import type { SimCommit, SimRecord, SimUpdate, Stored, VoteRecord } from './peer/records.ts'
import type { RoundEffect } from '../../src/rounds/index.ts'

/** Work that takes time. `late`: how late a timer fires. */
export type Task = 'train' | 'fetch' | 'check' | 'build' | 'late'

/** An update and the delta behind its payload. */
export interface TrainedUpdate {
  update: SimUpdate
  delta: Float32Array
}

export interface PeerWorld {
  readonly federation: SimFederation
  readonly observer: Observer
  now(): number
  /** Runs later, unless the peer has crashed by then. */
  after(peer: SimPeer, delayMs: number, run: () => void): unknown
  disk(index: number): VirtualDisk<Stored>
  /** Virtual milliseconds. */
  takes(task: Task, peer: SimPeer): number
  train(peer: SimPeer): TrainedUpdate
  /** Did its author say so? What a signature would show. */
  isGenuine(vote: VoteRecord): boolean
  tell(from: SimPeer, record: SimRecord): void
  /** Asks another peer what this one lacks; the answer may never come. */
  ask(from: SimPeer, other: string, question: Question, onAnswer: (answer: Answer) => void): void
  /** The payload of an update, if somebody who is asked gives it: its author first, later anybody. */
  payload(peer: SimPeer, update: SimUpdate, attempt: number): Float32Array | undefined
  /** The model of this address, from anybody who gives it. */
  model(peer: SimPeer, address: string): Float32Array | undefined
}

/** Sees what happens, to check it. */
export interface Observer {
  voted(peer: SimPeer, vote: VoteRecord): void
  committed(peer: SimPeer, commit: SimCommit): void
  /** The same commit as somebody else has it, so that it is in memory once. */
  shared(made: Omit<SimCommit, 'votes'>): Omit<SimCommit, 'votes'>
  evidence(peer: SimPeer, effect: Extract<RoundEffect, { type: 'evidence' }>): void
}

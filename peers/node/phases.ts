/** What a person would say a peer is doing, in the order in which it usually does it. */
export const phases = [
  'connecting',
  'catching-up',
  'waiting',
  'training',
  'collecting',
  'agreeing',
  'finished',
  'stopped'
] as const

/** One of `phases`. */
export type Phase = (typeof phases)[number]

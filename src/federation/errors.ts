/** Why a peer, an invite or a revocation is not accepted. The message tells the person concerned what to do. */

/** For programs; the same words travel in refusals. */
export type MembershipErrorCode =
  'expired' | 'used-up' | 'wrong-federation' | 'tampered' | 'revoked' | 'not-allowed' | 'misbehaved'

/** What all membership failures have in common. */
export abstract class MembershipError extends Error {
  abstract readonly code: MembershipErrorCode
}

/** The invite was valid, but not any more. */
export class ExpiredInviteError extends MembershipError {
  static override name = 'ExpiredInviteError'
  readonly code = 'expired'

  /** @param expiresAt - ms since the epoch */
  constructor(expiresAt: number, options?: ErrorOptions) {
    super(`This invite expired on ${new Date(expiresAt).toISOString()}: ask for a new one`, options)
    this.name = 'ExpiredInviteError'
  }
}

/** As many members as the invite allows have joined with it. */
export class UsedUpInviteError extends MembershipError {
  static override name = 'UsedUpInviteError'
  readonly code = 'used-up'

  constructor(maxUses: number, options?: ErrorOptions) {
    const uses = maxUses === 1 ? 'once, and somebody has' : `${maxUses} times, and all are taken`
    super(`This invite may be used ${uses}: ask for a new one`, options)
    this.name = 'UsedUpInviteError'
  }
}

/** Made for another federation. */
export class WrongFederationError extends MembershipError {
  static override name = 'WrongFederationError'
  readonly code = 'wrong-federation'

  /** @param found, expected - federation ids */
  constructor(what: string, ids: { found: string; expected: string }, options?: ErrorOptions) {
    super(
      `This ${what} belongs to federation ${ids.found}, but this is ${ids.expected}: use an invite made for this federation`,
      options
    )
    this.name = 'WrongFederationError'
  }
}

/** Changed, cut off or put together from parts that do not belong to each other. */
export class TamperedError extends MembershipError {
  static override name = 'TamperedError'
  readonly code = 'tampered'

  constructor(what: string, reason: string, options?: ErrorOptions) {
    super(
      `This ${what} is damaged or was changed (${reason}): copy the whole invite again, or ask for a new one`,
      options
    )
    this.name = 'TamperedError'
  }
}

/** An admin took the invite, or the membership, back. */
export class RevokedError extends MembershipError {
  static override name = 'RevokedError'
  readonly code = 'revoked'

  constructor(what: string, reason: string, options?: ErrorOptions) {
    const why = reason === '' ? '' : ` (${reason})`
    super(
      `${what} was revoked by an admin of the federation${why}: ask one of them for a new invite`,
      options
    )
    this.name = 'RevokedError'
  }
}

/** The peer that refuses does so by itself, and for a time: for what the other did on its connections. */
export class MisbehavedError extends MembershipError {
  static override name = 'MisbehavedError'
  readonly code = 'misbehaved'

  /** @param forMs - how long the refusal still lasts */
  constructor(reason: string, forMs: number, options?: ErrorOptions) {
    super(
      `This peer refuses you for ${Math.ceil(forMs / 1000)} s: ${reason}. Does your peer run an unchanged, current version?`,
      options
    )
    this.name = 'MisbehavedError'
  }
}

/** Somebody did what the manifest, or the ledger, does not let them do. */
export class NotAllowedError extends MembershipError {
  static override name = 'NotAllowedError'
  readonly code = 'not-allowed'

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'NotAllowedError'
  }
}

/** Invited by somebody whom this ledger does not list as a member. */
export class UnknownIssuerError extends NotAllowedError {
  static override name = 'UnknownIssuerError'

  constructor(issuer: string, options?: ErrorOptions) {
    super(
      `${issuer}, who made this invite, has not been admitted itself yet: try again after the next round`,
      options
    )
    this.name = 'UnknownIssuerError'
  }
}

/**
 * Whether a ledger that is further on may say otherwise: there the member may have been admitted in time, with a use
 * that was left, by an issuer that was a member. What is forged or revoked stays so.
 */
export function mayBeOutdated(error: MembershipError): boolean {
  return [ExpiredInviteError, UsedUpInviteError, UnknownIssuerError].some((type) => error instanceof type)
}

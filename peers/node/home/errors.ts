/** What can be wrong with a home directory. */
import { printable } from '../../../src/printable.ts'

/** A reason may quote what the file holds. */
const MAX_REASON_CHARACTERS = 1_000

/** The directory belongs to no federation. */
export class NoFederationError extends Error {
  static override name = 'NoFederationError'

  constructor(dir: string, options?: ErrorOptions) {
    super(
      `There is no federation in ${dir} yet: found one with "murmur init <name>", or join one with "murmur join <invite>"`,
      options
    )
    this.name = 'NoFederationError'
  }
}

/** The directory belongs to a federation already; one directory holds one. */
export class FederationExistsError extends Error {
  static override name = 'FederationExistsError'

  constructor(dir: string, name: string, options?: ErrorOptions) {
    super(`${dir} already belongs to the federation "${name}": use another directory (--home <dir>)`, options)
    this.name = 'FederationExistsError'
  }
}

/** There is no identity key where one is needed. */
export class NoIdentityError extends Error {
  static override name = 'NoIdentityError'

  constructor(file: string, options?: ErrorOptions) {
    super(
      `${file} is missing: without it this directory is no peer. Restore it, or join again elsewhere`,
      options
    )
    this.name = 'NoIdentityError'
  }
}

/** The identity is encrypted and the passphrase is missing or does not fit. */
export class WrongPassphraseError extends Error {
  static override name = 'WrongPassphraseError'

  constructor(file: string, given: boolean, options?: ErrorOptions) {
    super(
      given
        ? `This passphrase does not open ${file}: check it and try again`
        : `${file} is encrypted: give its passphrase`,
      options
    )
    this.name = 'WrongPassphraseError'
  }
}

/** Others could read or change what must be this user's alone, or this user cannot. */
export class PermissionsError extends Error {
  static override name = 'PermissionsError'

  constructor(path: string, problem: string, fix: string, options?: ErrorOptions) {
    super(`${path} ${problem}: ${fix}`, options)
    this.name = 'PermissionsError'
  }
}

/** A file of the home directory does not hold what it should. */
export class DamagedHomeError extends Error {
  static override name = 'DamagedHomeError'

  constructor(file: string, reason: string, options?: ErrorOptions) {
    super(
      `${file} cannot be used: ${printable(reason, MAX_REASON_CHARACTERS)}. Restore it from a backup, or remove it if you know what it was`,
      options
    )
    this.name = 'DamagedHomeError'
  }
}

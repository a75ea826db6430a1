/** The home directory: identity, federation and settings of one peer. */
export { createIdentity, describeIdentity, openIdentity } from './identity.ts'
export * from './errors.ts'
export { foundFederation, openHome, rememberMembership } from './home.ts'
export type { HomeConfig } from './config.ts'
export type { FoundInit, Home, HomePaths, MembershipInit } from './home.ts'
export type { IdentityOptions } from './identity.ts'

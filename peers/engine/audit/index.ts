/** Checking a whole ledger. */
export { auditLedger } from './audit.ts'
export type { AuditInit } from './audit.ts'
export type { AuditBlocks } from './recompute.ts'
export type { AuditReport, Branch, Defect } from './report.ts'

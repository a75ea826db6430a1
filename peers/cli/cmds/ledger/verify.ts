/** `murmur ledger verify`: what an audit found, as lines. */
import { exitCodes } from '../../output/exit.ts'
import { formatDateTime, plural, shortId } from '../../output/format.ts'
import { jsonLine } from '../../output/json.ts'
import { renderPairs } from '../../output/table.ts'
import { printable } from '../../output/width.ts'
import type { Handler } from '../../command.ts'
import type { AuditReport, Branch, Defect } from '../../../engine/audit/index.ts'

/** Defects that are printed; --json has more. */
const MAX_LINES = 20

export const handler: Handler<object> = async ({ context, options }) => {
  const { library, stdout, stderr, signal } = context
  await library.openHome(options.home)
  const report = await library.verifyLedger(options.home, { signal })
  const isSound = report.defectCount === 0
  if (options.json) stdout.write(jsonLine({ sound: isSound, ...report }))
  else stdout.write(`${linesOf(report).join('\n')}\n`)
  if (isSound) return undefined
  stderr.write(`murmur: ${printable(failureOf(report))}\n`)
  return exitCodes.failure
}

function linesOf(report: AuditReport): string[] {
  const branches = report.branches.flatMap(branchLines)
  const defects = report.defects.slice(0, MAX_LINES).map((defect) => printable(`DEFECT ${textOf(defect)}`))
  const verdict =
    report.defectCount === 0
      ? [`The ledger holds, from the founding to height ${report.height}.`]
      : [`The ledger does not hold: ${plural(report.defectCount, 'defect')}.`]
  return [renderPairs(pairsOf(report)), ...branches, ...defects, ...verdict]
}

function pairsOf(report: AuditReport): [string, string][] {
  const { recomputed, unchanged, pruned } = report.aggregates
  const again = `${recomputed} made again, ${unchanged} without updates`
  const kept = pruned === 0 ? '' : `, ${pruned} not: what they were made from is not kept any more`
  const unchecked = report.unchecked === 0 ? '' : `; ${report.unchecked} could not be checked`
  return [
    ['federation', report.federation],
    ['commits', `${report.commits} checked${unchecked}`],
    ['sound to', `height ${report.height}, ${report.commit}`],
    ['votes', `${report.votes} that count, signatures checked`],
    ['membership', `${plural(report.admissions, 'admission')}, ${plural(report.revocations, 'revocation')}`],
    ['updates', `${report.updates} kept, signatures checked`],
    ['aggregates', `${again}${kept}`],
    [
      'model',
      report.modelBlocks == null ? 'the initial one' : `${plural(report.modelBlocks, 'block')} hashed again`
    ]
  ]
}

/** Not to be overlooked: from here on nobody voted on who counts. */
function branchLines({ height, admin, reason, members, time }: Branch): string[] {
  const names = members.map((id) => shortId(id)).join(', ')
  return [
    printable(`BRANCH at height ${height}: opened without a quorum by ${admin}, ${formatDateTime(time)}`),
    printable(`  because: ${reason}`),
    printable(`  members from there on: ${names}`)
  ]
}

function textOf({ height, what, expected, found }: Defect): string {
  return `at height ${height}: ${what} (expected ${expected}, found ${found})`
}

function failureOf({ defects, defectCount }: AuditReport): string {
  const more = defectCount > 1 ? ` And ${plural(defectCount - 1, 'further defect')}.` : ''
  return `The ledger does not hold ${defects.map(textOf)[0]}.${more}`
}

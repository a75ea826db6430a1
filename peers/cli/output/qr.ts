/** An invite as a QR code of half-block characters, if the terminal is wide enough. */
import qrcode from 'qrcode'

/** Quiet zone around the code, in modules. The standard asks for 4; phones read 2 on a dark terminal. */
const MARGIN = 2

/**
 * The code as text, two modules a character row: light modules are drawn, so that it reads on dark terminals; the
 * quiet zone makes it readable on light ones too.
 *
 * @returns null when it would be wider than `columns`, or the text is too long for any QR code
 */
export function renderQr(text: string, columns: number): string | null {
  const modules = encode(text)
  if (modules == null || modules.size + 2 * MARGIN > columns) return null
  const light = (row: number, column: number): boolean => {
    const inside = row >= 0 && column >= 0 && row < modules.size && column < modules.size
    return !inside || modules.get(row, column) === 0
  }
  const lines = []
  for (let row = -MARGIN; row < modules.size + MARGIN; row += 2) lines.push(drawRow(row, modules.size, light))
  return lines.join('\n')
}

function drawRow(row: number, size: number, light: (row: number, column: number) => boolean): string {
  let line = ''
  for (let column = -MARGIN; column < size + MARGIN; column++) {
    const upper = light(row, column)
    const lower = light(row + 1, column)
    line += upper ? (lower ? '█' : '▀') : lower ? '▄' : ' '
  }
  return line
}

function encode(text: string): qrcode.BitMatrix | null {
  try {
    return qrcode.create(text, { errorCorrectionLevel: 'L' }).modules
  } catch (error) {
    if (error instanceof Error && /too big/i.test(error.message)) return null
    throw error
  }
}

/** The terminal's cursor (DECTCEM). */

export const HIDE_CURSOR = '\u001b[?25l'
/** Gives it back, whoever hid it. */
export const SHOW_CURSOR = '\u001b[?25h'

/** Keeps a frame on the terminal: redraws at most ten times a second, fits it to each resize, restores the cursor. */
import { createLogUpdate } from 'log-update'
import { HIDE_CURSOR, SHOW_CURSOR } from '../output/cursor.ts'
import type { Output } from '../context.ts'

/** 10 frames a second: smooth to the eye, and cheap. */
export const FRAME_MS = 100

/** Clear from the cursor on: after a resize, old lines may have been wrapped by the terminal. */
const CLEAR_SCREEN = '\u001b[2J\u001b[H'

/** A frame that is drawn again and again until `stop`. */
export interface LiveView {
  /** Draw now. */
  draw(): void
  /** Leave the last frame on the screen and give the cursor back. Idempotent. */
  stop(): void
}

export interface LiveViewInit {
  output: Output
  /** The frame for the terminal's size now. */
  render(size: { columns: number; rows: number }): string
  every(everyMs: number, tick: () => void): () => void
}

/** Start drawing. log-update writes only what changed between frames, inside a synchronised update: no flicker. */
export function startLiveView({ output, render, every }: LiveViewInit): LiveView {
  const update = createLogUpdate(asStream(output), { showCursor: true })
  const draw = (): void => update(render({ columns: output.columns, rows: output.rows }))
  const redraw = (): void => {
    output.write(CLEAR_SCREEN)
    update.done()
    draw()
  }
  // What is on the screen scrolls away whole: a frame drawn below it would scroll while it is being drawn.
  output.write(HIDE_CURSOR + '\n'.repeat(output.rows) + CLEAR_SCREEN)
  draw()
  const stops = [every(FRAME_MS, draw), output.onResize(redraw)]
  let stopped = false
  const stop = (): void => {
    if (stopped) return
    stopped = true
    for (const stopOne of stops) stopOne()
    draw()
    update.done()
    output.write(SHOW_CURSOR)
  }
  return { draw, stop }
}

/** The part of a Node stream that log-update uses. */
export function asStream(output: Output): NodeJS.WritableStream {
  const stream = {
    write: (text: string) => {
      output.write(text)
      return true
    },
    get columns() {
      return output.columns
    },
    get rows() {
      return output.rows
    },
    get isTTY() {
      return output.isTTY
    }
  }
  return stream as unknown as NodeJS.WritableStream
}

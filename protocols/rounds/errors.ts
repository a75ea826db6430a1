/** A message that no peer would take. */
export class MessageTooLargeError extends Error {
  static override name = 'MessageTooLargeError'

  constructor(kind: string, sizeBytes: number, maxBytes: number) {
    super(
      `This ${kind} is ${sizeBytes} bytes as a message, and other peers take at most ${maxBytes}: ` +
        'put bulk bytes into blocks and gossip their CID'
    )
    this.name = 'MessageTooLargeError'
  }
}

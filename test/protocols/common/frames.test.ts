import { streamPair } from '@libp2p/utils'
import { expect } from 'chai'
import { z } from 'zod'
import { FrameLengthError, RefusedError } from '../../../protocols/common/errors.ts'
import { frames } from '../../../protocols/common/frames.ts'
import { MAX_REFUSAL_CHARACTERS, refuse } from '../../../protocols/common/refusal.ts'
import { InvalidRecordError } from '../../../src/federation/cbor.ts'
import { failure } from '../../helpers/failure.ts'

const greeting = {
  name: 'greeting',
  schema: z.strictObject({ hello: z.string().max(10_000) }),
  maxBytes: 20_000
}

describe('frames', () => {
  it('carry records both ways, in order', async () => {
    const [a, b] = await streamPair()
    const left = frames(a, 1024)
    const right = frames(b, 1024)
    await left.write({ hello: 'one' })
    await left.write({ hello: 'two' })
    await right.write({ hello: 'back' })
    expect(await right.read(greeting)).to.deep.equal({ hello: 'one' })
    expect(await right.read(greeting)).to.deep.equal({ hello: 'two' })
    expect(await left.read(greeting)).to.deep.equal({ hello: 'back' })
  })

  it('name the record that is not of its schema', async () => {
    const [a, b] = await streamPair()
    await frames(a, 1024).write({ hello: 3 })
    const error = await failure(frames(b, 1024).read(greeting), InvalidRecordError)
    expect(error.message).to.include('greeting').and.to.include('hello')
  })

  it('refuse a frame above the cap before it is read', async () => {
    const [a, b] = await streamPair()
    await frames(a, 20_000).write({ hello: 'x'.repeat(5000) })
    expect((await failure(frames(b, 1024).read(greeting), Error)).message).to.include('1024')
  })

  it('refuse a length that does not end after a few bytes of it', async () => {
    for (const byte of [0x80, 0xff]) {
      const [a, b] = await streamPair()
      const reading = failure(frames(b, 1024 * 1024).read(greeting), FrameLengthError)
      a.send(new Uint8Array(512 * 1024).fill(byte))
      await reading
    }
  })

  it('end with an error when the stream ends early', async () => {
    const [a, b] = await streamPair()
    const reading = failure(frames(b, 1024).read(greeting), Error)
    await a.close()
    expect((await reading).name).to.equal('UnexpectedEOFError')
  })

  it('stop reading on abort', async () => {
    const [, b] = await streamPair()
    const reading = failure(frames(b, 1024).read(greeting, { signal: AbortSignal.abort() }), Error)
    expect((await reading).name).to.equal('AbortError')
  })
})

describe('a refusal', () => {
  it('is thrown with its code and message where an answer was expected', async () => {
    const [a, b] = await streamPair()
    await refuse(a, { code: 'not-a-member', message: 'ask for an invite' })
    const error = await failure(frames(b, 1024).read(greeting), RefusedError)
    expect(error.code).to.equal('not-a-member')
    expect(error.message).to.equal('ask for an invite')
    expect(a.writeStatus).to.equal('closed')
  })

  it('is cut to what a frame may hold', async () => {
    const [a, b] = await streamPair()
    await refuse(a, { code: 'long', message: 'x'.repeat(5000) })
    const error = await failure(frames(b, 4096).read(greeting), RefusedError)
    expect(error.message).to.have.length(MAX_REFUSAL_CHARACTERS)
  })

  it('does not throw on a stream that is gone', async () => {
    const [a] = await streamPair()
    a.abort(new Error('gone'))
    await refuse(a, { code: 'x', message: 'y' })
  })
})

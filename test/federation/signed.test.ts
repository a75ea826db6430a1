import { expect } from 'chai'
import { InvalidRecordError } from '../../src/federation/cbor.ts'
import { updateType } from '../../src/federation/records.ts'
import { open, reopen, seal } from '../../src/federation/signed.ts'
import { failure } from '../helpers/failure.ts'
import { newMember, update } from '../protocols/rounds/helpers.ts'

describe('a signed record that names its author', () => {
  it("is not signed with another's key, nor opened with another's signature", async () => {
    const [author, thief] = [await newMember(), await newMember()]
    const { value } = await update(author)
    const sealed = await failure(seal(updateType, value, thief.key), InvalidRecordError)
    expect(sealed.message).to.include(`it is signed by ${thief.id}, but its author is ${author.id}`)
    const { authorOf: _, ...unbound } = updateType
    const { bytes } = await seal(unbound, value, thief.key)
    await failure(open(updateType, bytes), InvalidRecordError)
  })

  it('differs from one that says the same and is by somebody else', async () => {
    const [a, b] = [await update(await newMember()), await update(await newMember())]
    expect(a.cid.toString()).not.to.equal(b.cid.toString())
  })
})

describe('an envelope that was opened before', () => {
  it('is read without its signature, and refused as a record when it is damaged', async () => {
    const { bytes, value } = await update(await newMember())
    expect(reopen(updateType, bytes)).to.deep.equal(value)
    for (const damaged of [bytes.subarray(1), bytes.subarray(0, 50), new Uint8Array(0)]) {
      expect(() => reopen(updateType, damaged)).to.throw(InvalidRecordError)
    }
  })
})

describe('an envelope', () => {
  it('opens in one encoding only: no bit of it can be changed by whoever passes it on', async () => {
    const { bytes } = await update(await newMember())
    for (let at = 0; at < 8 * bytes.byteLength; at++) {
      const changed = bytes.slice()
      changed[at >> 3] ^= 1 << (at & 7)
      const opened = await open(updateType, changed).then(
        () => true,
        () => false
      )
      expect(opened, `bit ${at & 7} of byte ${at >> 3}`).to.equal(false)
    }
    const longer = new Uint8Array([...bytes, 0x30, 0x00])
    await failure(open(updateType, longer), InvalidRecordError)
  })
})

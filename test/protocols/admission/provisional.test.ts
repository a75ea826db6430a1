import { peerIdFromString } from '@libp2p/peer-id'
import { expect } from 'chai'
import { z } from 'zod'
import { ADMISSION_TIMEOUT_MS, membersOnly } from '../../../protocols/admission/index.ts'
import { MAX_PROVISIONAL } from '../../../protocols/admission/constants.ts'
import { frames } from '../../../protocols/common/frames.ts'
import { HOUR_MS, invite, join, NOW, person, world } from '../../federation/world.ts'
import { failure } from '../../helpers/failure.ts'
import { dial, disconnected, memberOf, Net, next, View } from './net.ts'
import type { Admission, AdmissionComponents } from '../../../protocols/admission/index.ts'
import type { TestNode } from './net.ts'
import type { Person, World } from '../../federation/world.ts'
import type { ServiceMap, Startable } from '@libp2p/interface'
import type { ServiceFactoryMap } from 'libp2p'

type Components = AdmissionComponents & { admission: Admission }

const SECRET = '/test/secret/1.0.0'
const textType = { name: 'text', schema: z.string(), maxBytes: 64 }

/** Gives back what it is sent, to members only. */
const services = {
  secret: (components: Components): Startable => {
    const { registrar } = membersOnly(components, components.admission)
    return {
      start: () =>
        registrar.handle(SECRET, async (stream) => {
          const wire = frames(stream, 1024)
          await wire.write(await wire.read(textType))
        }),
      stop: () => registrar.unhandle(SECRET)
    }
  }
} as unknown as ServiceFactoryMap<ServiceMap>

async function ask(from: TestNode, to: Person): Promise<string> {
  const [connection] = from.libp2p.getConnections(peerIdFromString(to.id))
  const wire = frames(await connection.newStream(SECRET), 1024)
  await wire.write('for members')
  return await wire.read(textType)
}

describe('a peer whose ledger is behind', () => {
  const net = new Net()
  let w: World
  /** Was away while the others joined; their invites have expired since. */
  let stale: TestNode
  let who: Person
  let member: TestNode

  /** A view of one who saw the admission of these. */
  const informed = async (of: Person, ...admitted: Person[]): Promise<View> => {
    const view = new View(w, of)
    await view.admit(...admitted.map(({ certificate }) => certificate ?? new Uint8Array()))
    view.now = NOW + 2 * HOUR_MS
    return view
  }

  beforeEach(async () => {
    w = await world({ invites: 'members' })
    who = await memberOf(w, 2)
    const view = new View(w, w.founder)
    view.now = NOW + 2 * HOUR_MS
    view.learn = async () => await view.admit(who.certificate ?? new Uint8Array())
    stale = await net.node(view, { services })
    member = await net.node(await informed(who, who))
  })

  afterEach(() => net.stop())

  const met = async (dialling: () => Promise<unknown>): Promise<void> => {
    const events = Promise.all([next(stale, 'member'), next(member, 'member')])
    await dialling()
    const [there, here] = await events
    expect([there.peerId.toString(), here.peerId.toString()]).to.deep.equal([who.id, w.founder.id])
  }

  it('catches up from a member that it dials, and then admits it', async () => {
    await met(() => dial(stale, who))
    expect(stale.view.state.height).to.equal(1)
  })

  it('catches up from a member that dials it, and then admits it', async () => {
    await met(() => dial(member, w.founder))
  })

  it('does so for a member whose issuer it does not know, or whose invite it believes used up', async () => {
    const guest = await person(4)
    await join(guest, await invite(w, who, { expiresAt: NOW + 3 * HOUR_MS }))
    const late = await net.node(await informed(guest, who, guest))
    stale.view.learn = async () => {
      const none = new Uint8Array()
      await stale.view.admit(who.certificate ?? none, guest.certificate ?? none)
    }
    const admitted = next(stale, 'member')
    await dial(late, w.founder)
    expect((await admitted).peerId.toString()).to.equal(guest.id)
  })

  it('serves nothing before, tells of nobody, and lets streams wait', async () => {
    const known = await net.node(await informed(await memberOf(w, 5, { expiresAt: NOW + 9 * HOUR_MS })))
    const meeting = next(stale, 'member')
    await dial(known, w.founder)
    await meeting
    const asked = Promise.withResolvers<void>()
    const caughtUp = Promise.withResolvers<void>()
    stale.view.learn = async () => {
      asked.resolve()
      await caughtUp.promise
      await stale.view.admit(who.certificate ?? new Uint8Array())
    }
    const welcomed = next(member, 'member')
    await dial(member, w.founder)
    expect((await welcomed).peers).to.deep.equal([])
    await asked.promise
    expect(stale.admission.isAdmitted(who.id)).to.equal(false)
    const answer = ask(member, w.founder)
    expect(await Promise.race([answer, turns()])).to.equal('waiting')
    caughtUp.resolve()
    expect(await answer).to.equal('for members')
  })

  it('parts with it, and says why, when it is no member by the later ledger either', async () => {
    stale.view.learn = async () => await stale.view.admit()
    const events = Promise.all([next(stale, 'refused'), next(member, 'refused')])
    await dial(stale, who)
    const [here, there] = await events
    expect(here).to.deep.include({ code: 'expired', local: true })
    expect(there).to.deep.include({ code: 'expired', local: false })
    await Promise.all([disconnected(stale.libp2p, who), disconnected(member.libp2p, w.founder)])
    expect(stale.admission.isAdmitted(who.id)).to.equal(false)
    expect(stale.clock.pending).to.equal(0)
  })

  it('decides by what it has when catching up fails', async () => {
    stale.view.learn = async () => {
      await stale.view.admit(who.certificate ?? new Uint8Array())
      throw new Error('cut off')
    }
    await met(() => dial(stale, who))
  })

  it('turns away the streams that waited when it refuses', async () => {
    const caughtUp = Promise.withResolvers<void>()
    stale.view.learn = async () => await caughtUp.promise
    const welcomed = next(member, 'member')
    await dial(member, w.founder)
    await welcomed
    const answer = failure(ask(member, w.founder), Error)
    await turns()
    caughtUp.resolve()
    await answer
    expect(stale.admission.isAdmitted(who.id)).to.equal(false)
  })

  it('gives up on one that brings it no further', async () => {
    const asked = Promise.withResolvers<void>()
    stale.view.learn = (_, signal) => {
      asked.resolve()
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      })
    }
    const refused = next(stale, 'refused')
    await dial(stale, who)
    await asked.promise
    stale.clock.advance(ADMISSION_TIMEOUT_MS)
    expect(await refused).to.deep.include({ code: 'expired', local: true })
    await disconnected(stale.libp2p, who)
  })

  it('goes on for as long as it gets further, beyond the time for an admission', async () => {
    const asked = Promise.withResolvers<void>()
    const rest = Promise.withResolvers<void>()
    stale.view.learn = async () => {
      asked.resolve()
      await rest.promise
      await stale.view.admit(who.certificate ?? new Uint8Array())
    }
    const admitted = next(stale, 'member')
    await dial(stale, who)
    await asked.promise
    for (let i = 0; i < 3; i++) {
      await stale.view.admit()
      stale.clock.advance(ADMISSION_TIMEOUT_MS)
    }
    rest.resolve()
    expect((await admitted).peerId.toString()).to.equal(who.id)
  })

  const refusedAtOnce = async (from: TestNode, code: string): Promise<void> => {
    let learned = 0
    stale.view.learn = async () => void learned++
    const refused = next(stale, 'refused')
    await dial(from, w.founder)
    expect(await refused).to.deep.include({ code, local: true })
    expect(learned).to.equal(0)
  }

  it('refuses at once who knows no later ledger: nobody could tell', async () => {
    const other = await memberOf(w, 6)
    await refusedAtOnce(await net.node(new View(w, other)), 'expired')
  })

  it('refuses at once whom its own ledger revoked, whatever that one knows', async () => {
    await stale.view.revoke({ member: who.id })
    await member.view.admit()
    await member.view.admit()
    await refusedAtOnce(member, 'revoked')
  })

  it('refuses at once whose certificate is forged, whatever that one knows', async () => {
    const thief = await person(7)
    await refusedAtOnce(
      await net.node(await informed({ ...thief, certificate: who.certificate }, who)),
      'tampered'
    )
  })

  it('catches up from few that dial it at a time, and from those that it dials all the same', async () => {
    const asked: string[] = []
    const all = Promise.withResolvers<void>()
    stale.view.learn = async (peerId) => {
      asked.push(peerId)
      await all.promise
    }
    for (let i = 0; i < MAX_PROVISIONAL; i++) {
      const node = await net.node(await informed(await memberOf(w, 20 + i)))
      const welcomed = next(node, 'member')
      await dial(node, w.founder)
      await welcomed
    }
    const beyond = await net.node(await informed(await memberOf(w, 30)))
    const refused = next(beyond, 'refused')
    await dial(beyond, w.founder)
    expect(await refused).to.deep.include({ code: 'expired' })
    const welcomed = next(member, 'member')
    await dial(stale, who)
    await welcomed
    all.resolve()
    expect(asked)
      .to.have.length(MAX_PROVISIONAL + 1)
      .and.include(who.id)
  })

  it('leaves nothing behind when it stops meanwhile', async () => {
    const asked = Promise.withResolvers<AbortSignal>()
    stale.view.learn = async (_, signal) => {
      asked.resolve(signal)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    }
    await dial(stale, who)
    const signal = await asked.promise
    await stale.libp2p.stop()
    expect(signal.aborted).to.equal(true)
    expect(stale.clock.pending).to.equal(0)
    expect(stale.admission.isAdmitted(who.id)).to.equal(false)
  })
})

/** Long enough for everything that is ready to run. */
async function turns(): Promise<string> {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
  return 'waiting'
}

import { expect } from 'chai'
import fc from 'fast-check'
import { exitCodes, UsageError } from '../../../../peers/cli/output/exit.ts'
import {
  parseAddress,
  parseCondition,
  parseDuration,
  parseHostPort,
  parseInteger,
  parseLayers,
  parseNumber,
  parsePart
} from '../../../../peers/cli/output/parse.ts'

/** Every one of these texts is refused as wrong usage, and the message repeats what was given. */
function refuses(parse: (text: string) => unknown, texts: string[]): void {
  for (const text of texts) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parse(text))
        .to.throw(UsageError)
        .with.property('exitCode', exitCodes.usage)
      expect(() => parse(text)).to.throw(`"${text}"`)
    })
  }
}

describe('parseNumber', () => {
  const parse = parseNumber('--link', 0.5, 100)

  it('reads numbers within its bounds', () => {
    expect(['0.5', '2', ' 99.25 ', '100'].map(parse)).to.deep.equal([0.5, 2, 99.25, 100])
  })

  refuses(parse, ['', 'x', '-1', '0.4', '100.1', '1e2', '0x10', 'NaN', 'Infinity', '2 MB', '1.', '.5'])
})

describe('parseDuration', () => {
  const units = { ms: 1, s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7, w: 6.048e8 }

  it('reads every unit, with and without spaces', () => {
    expect(['7d', '90m', '1.5h', ' 30 s ', '250ms', '2w'].map(parseDuration)).to.deep.equal([
      604_800_000, 5_400_000, 5_400_000, 30_000, 250, 1_209_600_000
    ])
  })

  it('gives back what any whole number of any unit was written from', () => {
    const unit = fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[]))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), unit, (n, name) => {
        expect(parseDuration(`${n}${name}`)).to.equal(n * units[name])
      })
    )
  })

  it('never gives anything but a positive whole number of ms, whatever is typed', () => {
    const typed = fc.oneof(fc.string(), fc.stringMatching(/^\d{0,30}(\.\d{0,3})? ?(ms|s|m|h|d|w)$/))
    fc.assert(
      fc.property(typed, (text) => {
        let ms = 1
        try {
          ms = parseDuration(text)
        } catch (error) {
          expect(error).to.be.instanceOf(UsageError)
        }
        expect(Number.isSafeInteger(ms) && ms > 0, `${ms}`).to.equal(true)
      })
    )
  })

  refuses(parseDuration, ['', '7', 'd', '-7d', '0s', '7 days', '1e3s', '0.0001ms', '99999999999w'])
})

describe('parseInteger', () => {
  const parse = parseInteger('--uses', 1, 10)

  it('takes what is within bounds', () => {
    expect(['1', '10', '007', ' 5 '].map(parse)).to.deep.equal([1, 10, 7, 5])
  })

  it('says the option, what was given and what is expected', () => {
    expect(() => parse('11')).to.throw('--uses: "11" was given, a whole number of 1 to 10 is expected.')
    expect(() => parseInteger('--round', 1)('0')).to.throw('a whole number of 1 or more is expected')
  })

  refuses(parse, ['', ' ', '0', '11', '-3', '2.5', '1e1', '0x3', 'two', '99999999999999999999'])
})

describe('parsePart', () => {
  it('counts from 1 for people and from 0 for the library', () => {
    expect(parsePart('2/4')).to.deep.equal({ index: 1, count: 4 })
    expect(parsePart(' 1/1 ')).to.deep.equal({ index: 0, count: 1 })
  })

  refuses(parsePart, ['', '0/4', '5/4', '1/0', '1', '1/', '/4', '1 of 4', '-1/4', '1/4/2'])
})

describe('parseCondition', () => {
  it('splits at the first = and leaves out spaces around', () => {
    expect(parseCondition('hospital=cleveland')).to.deep.equal(['hospital', 'cleveland'])
    expect(parseCondition(' a = b=c ')).to.deep.equal(['a', 'b=c'])
    expect(parseCondition('empty=')).to.deep.equal(['empty', ''])
  })

  refuses(parseCondition, ['', 'hospital', '=cleveland', '  =cleveland'])
})

describe('parseHostPort', () => {
  it('stays on this machine where no host is given', () => {
    for (const text of ['9464', ':9464', '127.0.0.1:9464']) {
      expect(parseHostPort(text)).to.deep.equal({ host: '127.0.0.1', port: 9464 })
    }
  })

  it('takes names and IPv6 addresses', () => {
    expect(parseHostPort('localhost:0')).to.deep.equal({ host: 'localhost', port: 0 })
    expect(parseHostPort('[::1]:65535')).to.deep.equal({ host: '::1', port: 65_535 })
  })

  refuses(parseHostPort, ['', 'localhost', '127.0.0.1:', ':65536', '::1:9464', 'a b:80', '1.2.3.4:-1'])
})

describe('parseLayers', () => {
  it('takes one layer or several', () => {
    expect(parseLayers('64')).to.deep.equal([64])
    expect(parseLayers('200, 100,10')).to.deep.equal([200, 100, 10])
  })

  it('names the layer that is wrong', () => {
    expect(() => parseLayers('200,,10')).to.throw(UsageError, '--hidden: ""')
    expect(() => parseLayers('200,0')).to.throw(UsageError, '--hidden: "0"')
    expect(() => parseLayers('65537')).to.throw(UsageError, '1 to 65536')
  })
})

describe('parseAddress', () => {
  it('takes multiaddrs', () => {
    expect(parseAddress(' /ip4/192.168.1.7/tcp/4001 ')).to.equal('/ip4/192.168.1.7/tcp/4001')
    expect(parseAddress('/dns4/example.org/tcp/443')).to.equal('/dns4/example.org/tcp/443')
  })

  refuses(parseAddress, ['', '/', '/ip4', '192.168.1.7:4001', 'https://example.org', '/ip4/1.2.3.4 /tcp/1'])
})

import { expect } from 'chai'
import fc from 'fast-check'
import { clip, displayWidth, fit, printable, truncate, wrap } from '../../../../peers/cli/output/width.ts'

/** Texts of narrow, wide, combining and joined characters, without colours and control characters. */
const plain = fc.array(
  fc.constantFrom('a', 'Z', ' ', 'é', 'e\u0301', '漢', '한', '𠀀', '👍🏽', '👩‍👩‍👧', '🇨🇭', '…', 'ｗ')
)
const text = plain.map((parts) => parts.join(''))
const columns = fc.nat(40)
const red = (inner: string): string => `\u001b[31m${inner}\u001b[39m`

describe('displayWidth', () => {
  it('counts wide characters twice, combining ones and colours not at all', () => {
    const widths: Record<string, number> = {
      '': 0,
      abc: 3,
      é: 1,
      'e\u0301': 1,
      漢字: 4,
      '𠀀': 2,
      한국: 4,
      '👩‍👩‍👧': 2,
      '🇨🇭': 2,
      [red('abc')]: 3
    }
    for (const [of, width] of Object.entries(widths)) expect(displayWidth(of), of).to.equal(width)
  })

  it('adds up over parts', () => {
    fc.assert(
      fc.property(plain, (parts) => {
        const total = parts.reduce((sum, part) => sum + displayWidth(part), 0)
        expect(displayWidth(parts.join('\u200b'))).to.equal(total)
      })
    )
  })
})

describe('truncate', () => {
  it('marks a cut, and leaves what fits alone', () => {
    expect(truncate('federation', 5)).to.equal('fede…')
    expect(truncate('federation', 10)).to.equal('federation')
    expect(truncate('漢字', 3)).to.equal('漢…')
    expect(truncate('漢字', 1)).to.equal('…')
    expect(truncate('漢字', 0)).to.equal('')
  })

  it('never gives more columns than there are, nor a text that was not the beginning', () => {
    fc.assert(
      fc.property(text, columns, (of, n) => {
        const cut = truncate(of, n)
        expect(displayWidth(cut)).to.be.at.most(n)
        expect(of.startsWith(cut.replace(/…$/, '')) || cut === of).to.equal(true)
      })
    )
  })
})

describe('fit', () => {
  it('takes exactly the columns there are', () => {
    fc.assert(
      fc.property(text, columns, fc.constantFrom('left' as const, 'right' as const), (of, n, align) => {
        expect(displayWidth(fit(of, n, align))).to.equal(n)
      })
    )
  })

  it('fills on the other side of the alignment, by what is seen of a coloured text', () => {
    expect(fit('ab', 4)).to.equal('ab  ')
    expect(fit('ab', 4, 'right')).to.equal('  ab')
    expect(fit(red('ab'), 4)).to.equal(`${red('ab')}  `)
  })
})

describe('clip', () => {
  it('keeps colours where the line fits, and cuts without them where not', () => {
    expect(clip(red('abcd'), 4)).to.equal(red('abcd'))
    expect(clip(red('abcd'), 3)).to.equal('ab…')
  })
})

describe('printable', () => {
  it('takes away what could steer a terminal or turn text around', () => {
    expect(printable('a\u001b[2Jb\nc\td\u009b31me\u202ef')).to.equal('a [2Jb c d 31me f')
    expect(printable('Köln 漢字 👍🏽')).to.equal('Köln 漢字 👍🏽')
  })

  it('leaves no control character, whatever the text', () => {
    const nasty = fc.string({
      unit: fc.oneof(fc.constantFrom('\u001b', '\r', '\n', '\u0007', '\u009b'), fc.string())
    })
    fc.assert(fc.property(nasty, (of) => !/\p{Cc}/u.test(printable(of))))
  })
})

describe('wrapped text', () => {
  it('is indented to the text beside its label', () => {
    expect(wrap('  Task    tell apart cats and dogs', 20)).to.equal(
      '  Task    tell apart\n          cats and\n          dogs'
    )
  })

  it('is indented as its first line where there is no label', () => {
    expect(wrap('  one two three', 9)).to.equal('  one two\n  three')
  })

  it('keeps words whole that are longer than a line, and lines that fit as they are', () => {
    expect(wrap('  Id  bafyreifytozruwlz', 12)).to.equal('  Id  bafyreifytozruwlz')
    expect(wrap('a  b', 4)).to.equal('a  b')
  })

  it('loses no word and is never wider than asked, if its words are not', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(words, fc.integer({ min: 10, max: 40 }), (list, columns) => {
        const wrapped = wrap(list.join(' '), columns)
        expect(wrapped.split(/\s+/)).to.deep.equal(list)
        for (const line of wrapped.split('\n')) expect(line.length).to.be.at.most(columns)
      })
    )
  })
})

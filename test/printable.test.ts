import { expect } from 'chai'
import { InvalidModelFileError, InvalidTopologyError } from '../src/model/errors.ts'
import { DataError } from '../src/data/errors.ts'
import { printable } from '../src/printable.ts'

const obeyed = '\u001b[2J\u009b\u202e\n\ud800'

describe('text of strangers in messages', () => {
  it('is cut, and has nothing that a terminal would obey', () => {
    expect(printable('straße 😀', 20)).to.equal('straße 😀')
    expect(printable(obeyed, 20)).to.equal('�[2J����')
    expect(printable('x'.repeat(10), 3)).to.equal('xxx…')
  })

  it('does no harm in what is said of models and data', () => {
    const errors = [
      new InvalidTopologyError('layer', `${obeyed}${'x'.repeat(5000)}`),
      new InvalidModelFileError('file', `${obeyed}${'x'.repeat(5000)}`),
      new DataError({ file: 'f', expected: obeyed, found: 'x'.repeat(5000), hint: obeyed })
    ]
    for (const { message } of errors) {
      expect(message.length).to.be.lessThan(2_100)
      expect(message).not.to.match(/[\p{Cc}\p{Cf}]/u)
    }
  })
})

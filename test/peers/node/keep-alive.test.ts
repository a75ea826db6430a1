/** In a process of its own: what happens when nothing but the work is left to wait for. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from 'chai'

const module = new URL('../../../peers/node/keep-alive.ts', import.meta.url).href

/** Waits for an unreferenced timer, then says so. */
async function run(wait: string): Promise<string> {
  const script = `
    const { keepAlive } = await import('${module}')
    const unreferenced = new Promise((resolve) => AbortSignal.timeout(50).addEventListener('abort', resolve))
    const work = unreferenced.then(() => process.stdout.write('done'))
    void ${wait}
  `
  const args = ['--input-type=module', '--eval', script]
  return (await promisify(execFile)(process.execPath, args)).stdout
}

describe('keepAlive', () => {
  it('lets a process end only when the work is done', async () => {
    expect(await run('work')).to.equal('')
    expect(await run('keepAlive(work)')).to.equal('done')
  })

  it('lets it end when the work has failed', async () => {
    expect(
      await run("keepAlive(Promise.reject(new Error('no'))).catch(() => process.stdout.write('no'))")
    ).to.equal('no')
  })
})

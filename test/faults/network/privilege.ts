/** Whether this machine lets the tests make networks and file systems. Asked once. */
import { Namespace } from './namespace.ts'

let asked: Promise<string | null> | undefined

/** Null: it does. Else what is missing, for people. */
export async function missingPrivilege(): Promise<string | null> {
  return await (asked ??= probe())
}

async function probe(): Promise<string | null> {
  const opened: Namespace[] = []
  try {
    const outer = await Namespace.open()
    opened.push(outer)
    const inner = await Namespace.open(outer)
    opened.push(inner)
    await outer.ip([
      'link add probe type bridge',
      `link add port type veth peer name eth0 netns ${inner.pid}`
    ])
    await inner.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'probe', '/mnt'])
    return null
  } catch (error) {
    return `this needs network and mount namespaces, bridges and tmpfs (${(error as Error).message})`
  } finally {
    for (const namespace of opened.reverse()) await namespace.close()
  }
}

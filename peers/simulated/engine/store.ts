/** The engine's state store on a virtual disk: a write resolves when it is synced, and never if a crash comes first. */
import type { VirtualDisk } from '../stage/disk.ts'
import type { StateStore } from '../../../src/state/index.ts'

export function virtualStore(disk: VirtualDisk<Uint8Array>): StateStore {
  return {
    get: async (key) => disk.durable.get(key),
    async *entries(prefix, { reverse = false, limit = Infinity } = {}) {
      const direction = reverse ? -1 : 1
      const keys = [...disk.durable.keys()].filter((key) => key.startsWith(prefix))
      keys.sort((a, b) => (a < b ? -direction : direction))
      for (const key of keys.slice(0, limit)) {
        const value = disk.durable.get(key)
        if (value != null) yield { key, value }
      }
    },
    write: async (writes) => await new Promise<void>((resolve) => disk.write(writes, resolve)),
    close: async () => {}
  }
}

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Place } from '../platform/place.ts'
import { until } from '../../testing/until.ts'

/**
 * Runs a task while no other suite drains a node or depends on one: pods that start during a drain are all on the other node. A holder
 * whose process has ended loses the lock.
 */
export async function withUndisturbedNodes<T>(
  { platform: { place } }: { readonly platform: { readonly place: Pick<Place, 'folder'> } },
  run: () => Promise<T>,
): Promise<T> {
  const lock = join(place.folder, 'nodes.lock')
  await until(() => take(lock), { seconds: 400, what: 'other suites to be done with the nodes', everyMs: 500 })
  try {
    return await run()
  } finally {
    await rm(lock, { recursive: true, force: true })
  }
}

/** Creating a folder succeeds for one process at most. */
async function take(lock: string): Promise<boolean> {
  try {
    await mkdir(lock)
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error
    // Another process has it. Without the name of a holder it is being taken now.
    const owner = await readFile(join(lock, 'owner'), 'utf8').catch(() => null)
    if (owner !== null && !isAlive(Number(owner))) await rm(lock, { recursive: true, force: true })
    return false
  }
  await writeFile(join(lock, 'owner'), String(process.pid))
  return true
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    // ESRCH: there is no such process.
    return false
  }
}

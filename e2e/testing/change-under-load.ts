import type { Reconnect } from '../../testing/clients/sdk-client.ts'
import type { User } from '../proof/plan.ts'
import { type Crowd, type CrowdVerdict, settleAndCheck, sinceNow } from './audience-of-users.ts'
import { emitUntilStopped } from './emit-until-stopped.ts'

export interface ChangeUnderLoad {
  /** Row of the table of `make e2e`. */
  readonly suite: string
  readonly name: string
  /** Makes events unique among the changes of a suite. */
  readonly seed: number
  /** Changes something, and returns when the channel has settled. */
  readonly change: () => Promise<unknown>
}

/**
 * Emits during a change, and a while longer. One client of ten is away during the change, and returns to younger pods. These must have read
 * its events before they accept clients.
 * @returns the verdict about all clients, and how connections ended
 */
export async function changeUnderLoad(
  crowd: Crowd,
  users: readonly User[],
  { suite, name, seed, change }: ChangeUnderLoad,
): Promise<{ readonly verdict: CrowdVerdict; readonly endings: readonly Reconnect[] }> {
  const witnesses = sinceNow(crowd)
  const sleepers = crowd.clients.filter((_, index) => index % 10 === 9)
  for (const sleeper of sleepers) sleeper.close()
  const emitting = emitUntilStopped(crowd, users, { name, seed })
  try {
    await change()
  } finally {
    for (const sleeper of sleepers) sleeper.move()
    emitting.stop()
  }
  const verdict = await settleAndCheck(crowd, `${suite}: ${name}`, { witnesses, ...(await emitting.emitted) })
  return { verdict, endings: witnesses().flatMap(({ reconnects }) => reconnects) }
}

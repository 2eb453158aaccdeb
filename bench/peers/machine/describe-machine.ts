import { spawnSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { readMachineTimes } from './proc.ts'

/** Returns the machine in one line. */
export function describeMachine(): string {
  const [processor] = cpus()
  const go = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }).stdout?.trim() ?? ''
  const parts = [
    `${cpus().length} x ${processor?.model ?? 'unknown'}`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `Linux ${release().replace(/-.*/, '')}`,
    `Node.js ${process.versions.node}`,
    go.replace(/^go/, 'Go '),
  ]
  return parts.filter((part) => part !== '').join(', ')
}

/** @returns the share of the machine that others use, from 0 to 1 */
export async function busyElsewhere(say: (line: string) => void): Promise<number> {
  const before = readMachineTimes()
  await sleep(3_000)
  const after = readMachineTimes()
  const busy = (after.busyTicks - before.busyTicks) / (after.totalTicks - before.totalTicks)
  if (busy > 0.05) say(`the machine is ${Math.round(100 * busy)} % busy with something else: these figures will not be worth quoting`)
  return busy
}

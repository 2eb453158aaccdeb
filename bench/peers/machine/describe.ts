import { spawnSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'

/** The machine, in a line. */
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

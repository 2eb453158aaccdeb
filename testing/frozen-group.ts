import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const patienceMs = 10_000

/**
 * Stops all processes of a group, until `thaw`. Resolves when all their threads stand still: the kernel hands a SIGSTOP on when the process gets a processor next, and until then it goes
 * on, and answers. (Only Linux tells, in /proc; elsewhere nobody waits.)
 * @param leader of the group, as KafkaBroker.pid; null: it does not run, which throws
 * @throws Error when they do not stop within ten seconds
 */
export async function freeze(leader: number | null): Promise<void> {
  const group = groupOf(leader)
  process.kill(-group, 'SIGSTOP')
  for (const deadlineMs = performance.now() + patienceMs; !isFrozen(group); await delay(2)) {
    if (performance.now() > deadlineMs) throw new Error(`the processes of group ${group} did not stop within ${patienceMs / 1000} s`)
  }
}

export function thaw(leader: number | null): void {
  process.kill(-groupOf(leader), 'SIGCONT')
}

function groupOf(leader: number | null): number {
  if (leader === null) throw new Error('the process does not run')
  return leader
}

/** @returns true where there is no /proc */
export function isFrozen(group: number): boolean {
  const members = namesIn('/proc').filter((name) => /^\d+$/.test(name) && statOf(`/proc/${name}`)?.group === group)
  return members.every((pid) =>
    namesIn(`/proc/${pid}/task`).every((thread) => /^[TtZX]?$/.test(statOf(`/proc/${pid}/task/${thread}`)?.state ?? '')),
  )
}

/** proc_pid_stat(5): the name of the program is in parentheses, and may hold blanks and parentheses itself. @returns null: it has ended */
function statOf(folder: string): { readonly state: string; readonly group: number } | null {
  try {
    const text = readFileSync(`${folder}/stat`, 'utf8')
    const [state = '', , group] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state, group: Number(group) }
  } catch {
    // It ended between being listed and being asked.
    return null
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    // No such system, or it has ended.
    return []
  }
}

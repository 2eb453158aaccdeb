import { StepFailure } from './step-failure.ts'

/** Something to be done, which may be done again at any time: it finds what is there already. */
export interface Step {
  readonly title: string
  /**
   * @param progress what is going on right now, for who waits
   * @returns what has become of it, in a few words
   */
  run(progress: (detail: string) => void): Promise<string>
  /** Asked when the step has failed: what the cluster knows about it. */
  readonly diagnose?: () => Promise<readonly string[]>
  /** What a person can do when it has failed and the failure itself does not say it. */
  readonly todo?: string
}

export interface StepsOptions {
  readonly say: (line: string) => void
  readonly now: () => number
  /** How often steps that still run say so, in milliseconds. */
  readonly remindEveryMs: number
}

/**
 * Runs groups of steps one after the other, the steps of a group at once. After a failure the rest of its group is waited for, and nothing more begins.
 * @returns whether all of it was done; what was not has been said
 */
export async function runSteps(groups: readonly (readonly Step[])[], options: StepsOptions): Promise<boolean> {
  for (const group of groups) {
    const outcomes = await Promise.all(group.map((step) => runStep(step, options)))
    if (outcomes.includes(false)) return false
  }
  return true
}

async function runStep(step: Step, { say, now, remindEveryMs }: StepsOptions): Promise<boolean> {
  const startedMs = now()
  const elapsed = (): string => `${((now() - startedMs) / 1000).toFixed(1)} s`
  let detail = ''
  say(`   ${step.title}`)
  const reminder = setInterval(() => say(`   ${step.title}, ${elapsed()}${detail === '' ? '' : `: ${detail}`}`), remindEveryMs)
  try {
    const outcome = await step.run((text) => {
      detail = text
    })
    say(` ✓ ${step.title}${outcome === '' ? '' : `: ${outcome}`} (${elapsed()})`)
    return true
  } catch (error) {
    clearInterval(reminder)
    say(` ✗ ${step.title}, after ${elapsed()}`)
    for (const line of [...explain(error, step), ...(await found(step))]) say(`     ${line}`)
    return false
  } finally {
    clearInterval(reminder)
  }
}

function explain(error: unknown, step: Step): readonly string[] {
  // What is no StepFailure is a bug of ours: its stack says where.
  if (!(error instanceof StepFailure)) return [error instanceof Error ? (error.stack ?? error.message) : String(error)]
  const todo = error.todo === '' ? (step.todo ?? '') : error.todo
  return [error.message, ...error.why.map((line) => `| ${line}`), ...(todo === '' ? [] : [`What to do: ${todo}`])]
}

async function found({ diagnose }: Step): Promise<readonly string[]> {
  if (diagnose === undefined) return []
  try {
    const lines = await diagnose()
    return lines.length === 0 ? [] : ['What the cluster says:', ...lines.map((line) => `| ${line}`)]
  } catch (error) {
    // The cluster is perhaps what has failed; the reason of the step stands above.
    return [`The cluster could not be asked for more: ${error instanceof Error ? error.message : String(error)}`]
  }
}

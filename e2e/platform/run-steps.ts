import { messageOf } from '../../program/message-of.ts'
import { StepFailure } from './step-failure.ts'

/** A task that can run again at any time: it finds what exists. */
export interface Step {
  readonly title: string
  /**
   * @param progress called with the current activity, for people who wait
   * @returns the result, in a few words
   */
  run(progress: (detail: string) => void): Promise<string>
  /** Called after a failure: returns what the cluster knows about it. */
  readonly diagnose?: () => Promise<readonly string[]>
  /** Advice after a failure that has none of its own. */
  readonly todo?: string
}

export interface StepsOptions {
  readonly say: (line: string) => void
  readonly now: () => number
  /** Interval at which running steps report, in milliseconds. */
  readonly remindEveryMs: number
}

/**
 * Runs groups of steps one after the other, the steps of a group at once. After a failure it waits for the rest of the group, and starts
 * nothing more.
 * @returns true when all steps succeeded; failures have been printed
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
  // Any other error than a StepFailure is a bug of ours: its stack helps.
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
    // Perhaps the cluster itself has failed; the reason of the step is above.
    return [`The cluster could not be asked for more: ${messageOf(error)}`]
  }
}

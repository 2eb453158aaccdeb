import { causeOf } from '../cause-of.ts'
import { createLab, type Subject } from './lab.ts'
import { profiles } from './profiles.ts'
import { notChecked, type ProfileName, type Rule, type Verdict } from './rule.ts'

export interface Judged extends Verdict {
  readonly profile: ProfileName
  readonly rule: Rule
}

/** Checks each rule of the profiles, one after the other. An interrupted run ends early. @param report called with each verdict */
export async function judgeServer(
  subject: Subject,
  names: readonly ProfileName[],
  report: (judged: Judged) => void,
): Promise<readonly Judged[]> {
  const lab = createLab(subject)
  const all: Judged[] = []
  for (const profile of names) {
    for (const rule of profiles[profile].rules) {
      if (subject.interrupted.aborted) return all
      const judged = { profile, rule, ...(await rule.check(lab).catch(unexpected)) }
      all.push(judged)
      report(judged)
    }
  }
  return all
}

/** A request that Node.js refuses to make, such as one with a header of the user that is none. */
const unexpected = (error: unknown): Verdict => notChecked(`The check did not end: ${causeOf(error)}.`)

/** Returns the verdicts that make a server fail: each MUST that it broke, or that was not checked. */
export function faultsOf(all: readonly Judged[]): readonly Judged[] {
  return all.filter(({ rule: { level }, status }) => level === 'MUST' && (status === 'fail' || status === 'not-checked'))
}

export interface Tally {
  readonly pass: number
  readonly fail: number
  readonly 'not-applicable': number
  readonly 'not-checked': number
}

export function tallyOf(all: readonly Judged[]): Tally {
  const tally = { pass: 0, fail: 0, 'not-applicable': 0, 'not-checked': 0 }
  for (const { status } of all) tally[status] += 1
  return tally
}

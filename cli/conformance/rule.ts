import type { Lab } from './lab.ts'
import type { Level, Section } from './section.ts'

/** Groups of rules that a server can claim to keep. */
export const profileNames = ['websocket', 'http', 'resume'] as const
export type ProfileName = (typeof profileNames)[number]

export type Status = 'pass' | 'fail' | 'not-applicable' | 'not-checked'

export interface Verdict {
  readonly status: Status
  /** Sentence that says what was seen. */
  readonly note: string
}

export interface Rule {
  /** Name that is unique over all profiles, such as `http.percent-decoding`. */
  readonly id: string
  readonly level: Level
  readonly section: Section
  /** What a server does that keeps the rule. */
  readonly title: string
  /** Never rejects for anything that a server can do. */
  check(lab: Lab): Promise<Verdict>
}

export const pass = (note: string): Verdict => ({ status: 'pass', note })
export const fail = (note: string): Verdict => ({ status: 'fail', note })
/** The rule is about something that the server does not offer or was not asked for. */
export const notApplicable = (note: string): Verdict => ({ status: 'not-applicable', note })
/** The rule applies, and could not be checked. A MUST that was not checked is not kept. */
export const notChecked = (note: string): Verdict => ({ status: 'not-checked', note })

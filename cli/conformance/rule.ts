import type { Lab } from './lab.ts'

/** Groups of rules that a server can claim to keep. */
export const profileNames = ['websocket', 'http', 'resume'] as const
export type ProfileName = (typeof profileNames)[number]

/** Key word of the rule's sentence (RFC 2119). A sentence without a key word is a SHOULD here. */
export type Level = 'MUST' | 'SHOULD' | 'MAY'

export type Status = 'pass' | 'fail' | 'not-applicable' | 'not-checked'

export interface Verdict {
  readonly status: Status
  /** Sentence that says what was seen. */
  readonly note: string
}

export interface Section {
  readonly document: string
  readonly section: string
  /** Address of the section; null: a page of this repository. */
  readonly url: string | null
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

const specification = 'https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents'

const page =
  (document: string, path: string) =>
  (section: string, anchor: string): Section => ({ document, section, url: `${specification}/${path}#${anchor}` })

/** Sections of CloudEvents 1.0.2. */
export const core = page('CloudEvents 1.0.2', 'spec.md')
export const jsonFormat = page('CloudEvents JSON format 1.0.2', 'formats/json-format.md')
export const httpBinding = page('CloudEvents HTTP binding 1.0.2', 'bindings/http-protocol-binding.md')
export const webSocketBinding = page('CloudEvents WebSocket binding 1.0.2', 'bindings/websockets-protocol-binding.md')
export const rfc = (number: number, section: string): Section => ({
  document: `RFC ${number}`,
  section,
  url: `https://www.rfc-editor.org/rfc/rfc${number}#section-${section}`,
})
/** A section of docs/protocol.md. */
export const resumeProfile = (section: string): Section => ({ document: 'Carillon protocol', section, url: null })

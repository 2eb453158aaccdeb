import { type Draft, maxCopies } from './draft.ts'
import type { DraftProblems } from './draft-problems.ts'
import { parseJson } from './json-error.ts'

/** An event that a connection of the page sends (docs/protocol.md, section 5.1). The gateway sets its source and time. */
export interface SendRequest {
  readonly id: string
  readonly type: string
  readonly data: unknown
}

export type CheckedSend =
  | { readonly ok: true; readonly connectionId: number; readonly sends: readonly SendRequest[] }
  | { readonly ok: false; readonly problems: DraftProblems }

/** Reads the draft of the form *Send*. @param makeId called for each event without an id */
export function checkSend(draft: Draft, makeId: () => string): CheckedSend {
  const data = parseJson(draft.payload)
  const copies = Number(draft.copies)
  const problems: DraftProblems = {
    ...(draft.over === '' ? { over: 'Connect first: a connection sends the event.' } : {}),
    ...(draft.type.trim() === '' ? { type: 'Give the event a type, such as chat.message.' } : {}),
    ...(data.ok ? {} : { payload: data.problem }),
    ...(Number.isInteger(copies) && copies >= 1 && copies <= maxCopies ? {} : { copies: `From 1 to ${maxCopies}.` }),
  }
  if (!data.ok || Object.keys(problems).length > 0) return { ok: false, problems }
  const id = draft.id.trim()
  const sends = Array.from({ length: copies }, (_, copy) => ({
    id: id === '' ? makeId() : copies === 1 ? id : `${id}-${copy + 1}`,
    type: draft.type.trim(),
    data: data.value,
  }))
  return { ok: true, connectionId: Number(draft.over), sends }
}

/** Returns the send as code for a page that has the plain WebSocket `socket`. */
export function renderSend({ id, type, data }: SendRequest): string {
  const event = { specversion: '1.0', id, source: '/page', type, data }
  return `socket.send(JSON.stringify(${JSON.stringify(event)}))`
}

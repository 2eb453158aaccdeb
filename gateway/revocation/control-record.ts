import { isRecord } from '../../program/is-record.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { parseJson } from '../event/json-text.ts'
import type { LogRecord } from '../event/log-record.ts'
import type { OutgoingRecord } from '../event/outgoing-record.ts'
import type { Revocation } from './revocations.ts'
import { maxNameLength, parseSubjectKey, type Subject, subjectKey, subjectKinds } from './subject.ts'

/**
 * The records of the control topic. The key is the subject's, so that compaction keeps the last record of each subject. The value is JSON:
 * `{"version": 1, "issuedBefore": "2026-01-31T12:00:00.000Z", "until": "2026-03-02T12:00:05.000Z"}`, or null after the revocation has ended.
 */
const version = 1

/** Returns the record of a revocation; null: the tombstone of one that has ended. */
export function encodeControlRecord(subject: Subject, revocation: Revocation | null): OutgoingRecord {
  const key = subjectKey(subject)
  if (revocation === null) return { key, identity: key, value: null, headers: {} }
  const value = { version, issuedBefore: textOf(revocation.issuedBeforeMs), until: textOf(revocation.untilMs) }
  return { key, identity: key, value: Buffer.from(JSON.stringify(value)), headers: { 'content-type': 'application/json' } }
}

const textOf = (timeMs: number): string => new Date(timeMs).toISOString()

export interface ControlRecord {
  readonly subject: Subject
  /** null: a tombstone. */
  readonly revocation: Revocation | null
}

/** Why a record is skipped. `unknown`: another version of a gateway has written it. */
export type ControlRecordFailure = 'malformed' | 'unknown'

/** Reads a record of the control topic. Its size and form are checked, because any program with access to the topic may have written it. */
export function decodeControlRecord({ key, value }: Pick<LogRecord, 'key' | 'value'>): Result<ControlRecord, ControlRecordFailure> {
  if (key === null || key.length > maxKeyBytes || (value !== null && value.length > maxValueBytes)) return failed('malformed')
  const text = key.toString()
  const subject = parseSubjectKey(text)
  if (subject === null) return failed(isOfOtherKind(text) ? 'unknown' : 'malformed')
  if (value === null) return ok({ subject, revocation: null })
  const parsed = parseJson(value)
  if (!parsed.ok || !isRecord(parsed.value)) return failed('malformed')
  const { version: of, issuedBefore, until } = parsed.value
  if (of !== version) return failed(Number.isInteger(of) ? 'unknown' : 'malformed')
  const [issuedBeforeMs, untilMs] = [timeOf(issuedBefore), timeOf(until)]
  return issuedBeforeMs === null || untilMs === null ? failed('malformed') : ok({ subject, revocation: { issuedBeforeMs, untilMs } })
}

/** Returns true for a key of the form of subjects, with a kind that this version does not know. */
function isOfOtherKind(key: string): boolean {
  const [, kind] = /^([a-z][a-z-]*):./.exec(key) ?? []
  return kind !== undefined && !subjectKinds.some((known) => known === kind)
}

/** UTF-8 has at most three bytes for a UTF-16 code unit. */
const maxKeyBytes = 'organization:'.length + 3 * maxNameLength
/** Largest value of a record, in bytes. */
export const maxValueBytes = 1_024

const pattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

function timeOf(text: unknown): number | null {
  if (typeof text !== 'string' || !pattern.test(text)) return null
  const timeMs = Date.parse(text)
  return Number.isNaN(timeMs) ? null : timeMs
}

import { gatewayOptions } from '../../gateway/config/bind-options.ts'
import { decodeFailureReasons, type DecodeFailureReason } from '../../gateway/event/decoded-record.ts'
import { metrics } from '../../gateway/observability/metrics.ts'
import { metricRows } from '../../program/metrics/reference.ts'
import { problems } from '../../gateway/request/problem.ts'
import { closeCodes } from '../../gateway/session/close-codes.ts'
import { code, type ReferencePage, table } from './reference-page.ts'
import { operatorPages } from './operator-references.ts'

/** Every generated page. A fact in two places is generated once and checked (X1); each row of a table is documented (X2). */
export const referencePages: readonly ReferencePage[] = [
  { name: 'configuration.md', source: 'gateway/config/options.ts', render: gatewayOptions.renderReference },
  { name: 'metrics.md', source: 'gateway/observability/metrics.ts', render: renderMetrics },
  { name: 'close-codes.md', source: 'gateway/session/close-codes.ts', render: renderCloseCodes },
  { name: 'problems.md', source: 'gateway/request/problem.ts', render: renderProblems },
  { name: 'decode-failures.md', source: 'gateway/event/decoded-record.ts', render: renderDecodeFailures },
  ...operatorPages,
]

function renderMetrics(): string {
  return `# Metrics

\`/metrics\` on the internal port serves these in Prometheus' text format, beside the process metrics of Node. Labels are closed
sets: each series exists from the start, at zero. No label has a value that a stranger chooses (a user, an event's type, an origin).

${table(['metric', 'type', 'labels', 'what it counts'], metricRows(metrics))}
`
}

const closeRanges = [
  {
    title: 'Do not come back',
    from: 4000,
    advice: 'A retry would end in the same way: something must change first (a token, a request).',
  },
  {
    title: 'Come back after a back-off',
    from: 4100,
    advice: 'Wait, longer each time and with jitter, or as long as the reason says, then connect again with your cursor.',
  },
  {
    title: 'Come back now, with your cursor',
    from: 4200,
    advice: 'Connect again, with jitter: another gateway, or this one, resumes from your cursor.',
  },
] as const

function renderCloseCodes(): string {
  const all = Object.entries(closeCodes)
  const sections = closeRanges.map(({ title, from, advice }) => {
    const rows = all
      .filter(([, { code: number }]) => number >= from && number < from + 100)
      .map(([name, { code: number, text }]) => [code(number), code(name), text])
    return `## ${from}-${from + 99}: ${title}\n\n${advice}\n\n${table(['code', 'name', 'what happened'], rows)}`
  })
  return `# Close codes

The gateway ends every connection with one of these codes. The hundred of a code tells a client what to do, so a client that does
not know a code still acts rightly. The name is also the label of \`carillon_sessions_closed_total\`.

${sections.join('\n\n')}
`
}

function renderProblems(): string {
  const rows = Object.entries(problems).map(([type, { status, title }]) => [String(status), code(`urn:carillon:problem:${type}`), title])
  return `# Problems

Every HTTP error is a problem (RFC 9457, \`application/problem+json\`): \`type\` is one of the names below, \`detail\` says what was wrong,
what was expected and what to do, \`instance\` has the id of the request in the log lines, and some have further members. 429 and 503 carry \`Retry-After\` where waiting helps.

${table(['status', 'type', 'title'], rows)}
`
}

/** Sentence for each reason; the type makes a new reason without a sentence an error. */
const decodeFailureMeanings: Readonly<Record<DecodeFailureReason, string>> = {
  empty: 'The record has no value and no headers: a tombstone, or an empty record.',
  'not-json': 'The value, or data declared as JSON, is not JSON.',
  'invalid-utf8': 'A text in the record is not UTF-8.',
  'not-an-event': 'JSON, but not an object, or a required attribute is missing or of the wrong type.',
  specversion: 'The specversion is neither 1.0 nor its legacy alias 1.0.2.',
  'bad-attribute': 'An attribute or extension breaks the rules of CloudEvents, or the header `carillon_attributes` is not a JSON object.',
  'bad-audience': 'The audience breaks a rule (a wrong type, roles without organizations, too many names).',
  'misspelt-member':
    'Legacy form: `data` has a member that differs from `broadcast`, `users`, `usernames`, `roles`, `organizations` or `payload` by case, plural or one letter, or it has a member twice. A misspelt `roles` would widen the audience.',
  'bad-data':
    'The data is not the JSON that the content type says, or `data_base64` is not base64, or there are both `data` and `data_base64`.',
  'too-deep': 'The JSON is nested too deeply.',
  'too-large': 'The value is larger than `MAX_EVENT_BYTES`, or the headers have more than 65,536 bytes together.',
  'content-type': 'The content type is not one of the forms of CloudEvents.',
  'dead-letter': 'The record has a header `carillon_dlq_reason`: a dead letter worker copied it.',
}

function renderDecodeFailures(): string {
  return `# Decode failures

A record that cannot be decoded is not delivered. It is counted in \`carillon_records_undecodable_total\` under its reason and,
unless \`KAFKA_DLQ\` is false, copied once to the dead letter topic with the reason in a header. Its content is never logged.

${table(
  ['reason', 'what is wrong with the record'],
  decodeFailureReasons.map((reason) => [code(reason), decodeFailureMeanings[reason]]),
)}
`
}

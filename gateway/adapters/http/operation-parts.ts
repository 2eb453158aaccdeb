import { type ProblemType, problems } from '../../request/problem.ts'
import type { Example } from './examples.ts'
import type { schemas } from './schemas.ts'

/** What the operations of the OpenAPI document share. */

/** Groups of operations, in the order of the page. */
export const tags = [
  { name: 'Emit', description: 'For services that send events.' },
  { name: 'Revoke', description: 'For administrators who end sessions and tokens.' },
  { name: 'Receive', description: 'For browsers and programs that get events.' },
  { name: 'About the gateway', description: 'For probes, tools and readers.' },
  { name: 'Development', description: 'Only in development mode, on this machine.' },
] as const

type Tag = (typeof tags)[number]['name']

export const tagged = (name: Tag) => ({ tags: [name] })

export function sentences(...parts: readonly string[]): string {
  return parts.join(' ')
}

export const ref = (name: keyof typeof schemas) => ({ $ref: `#/components/schemas/${name}` })
export const json = (name: keyof typeof schemas, examples: Readonly<Record<string, Example>>, mediaType = 'application/json') => ({
  [mediaType]: { schema: ref(name), examples },
})
const retryAfter = { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } } }

/** The problem responses of an operation, grouped by status. */
export function refusals(...types: readonly ProblemType[]): Record<string, unknown> {
  const byStatus = Map.groupBy(types, (type) => problems[type].status)
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      String(status),
      {
        description: ofStatus.map((type) => `\`${type}\`: ${problems[type].title}.`).join(' '),
        content: {
          'application/problem+json': {
            schema: ref('Problem'),
            examples: Object.fromEntries(ofStatus.map((type) => [type, { $ref: `#/components/examples/${type}` }])),
          },
        },
        ...(status === 429 || status === 503 ? { headers: retryAfter } : {}),
      },
    ]),
  )
}

export const whoMayListen = [{ bearer: [] }, { cookie: [] }]
export const whenMinimal = 'With `Prefer: return=minimal` or `Prefer: reply` there is no body.'
export const preferHeader = {
  name: 'Prefer',
  in: 'header',
  required: false,
  description: '`return=minimal` (RFC 7240) or `reply` (Knative): 202 has no body.',
  schema: { type: 'string' },
  example: 'return=minimal',
}
export const preferenceApplied = {
  'Preference-Applied': { description: '`return=minimal` where the request preferred it.', schema: { type: 'string' } },
}

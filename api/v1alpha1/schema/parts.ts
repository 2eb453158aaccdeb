import type { JsonSchema } from './json-schema.ts'

/** Parts that several sections use. */

/** Duration such as `5m` or `1h30m`: https://pkg.go.dev/time#ParseDuration without fractions and units below a millisecond. */
export const durationPattern = '^([0-9]{1,9}(ms|s|m|h))+$'

/** DNS subdomain (RFC 1123) in lower case. */
export const dnsNamePattern = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'

/** Name of a Secret, a class or a ConfigMap. */
export const objectName = {
  type: 'string',
  minLength: 1,
  maxLength: 253,
  pattern: dnsNamePattern,
} as const

/** A number of cores or bytes. */
export const quantity = {
  'x-kubernetes-int-or-string': true,
  maxLength: 32,
  pattern: '^([0-9]+|[0-9]+\\.[0-9]+)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$',
} as const

export const topicNamePattern = '^[A-Za-z0-9._-]+$'

/** A key of a Secret or ConfigMap. */
export const dataKey = { type: 'string', minLength: 1, maxLength: 253, pattern: '^[-._a-zA-Z0-9]+$' } as const

export const claimPath = { type: 'string', minLength: 1, maxLength: 128 } as const

/** A key of a label or an annotation. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
export const metadataKeyPattern =
  '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$'

const metadataKey = new RegExp(metadataKeyPattern, 'u')

/** This rule names the channel's own field, and refuses a key before any object is created. */
export const hasMetadataKeys = {
  rule: `self.all(key, key.matches('${metadataKeyPattern.replaceAll('\\', '\\\\')}'))`,
  message: 'a key here is NAME or PREFIX/NAME: NAME has at most 63 letters, digits, -, _ and ., and PREFIX is a DNS name in lower case',
  holds: (entries: Readonly<Record<string, string>>) => Object.keys(entries).every((key) => metadataKey.test(key)),
} as const

export const stringMap = {
  type: 'object',
  additionalProperties: { type: 'string', maxLength: 4096, description: 'The value.' },
  maxProperties: 64,
  'x-kubernetes-validations': [hasMetadataKeys],
} as const

const labelValue = {
  type: 'string',
  maxLength: 63,
  pattern: '^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$',
  description: 'The value of the label.',
} as const

export const labelMap = {
  type: 'object',
  additionalProperties: labelValue,
  maxProperties: 64,
  'x-kubernetes-validations': [hasMetadataKeys],
} as const

/** Returns the schema of an object of Kubernetes' own API, which checks the object itself. */
export const ofKubernetes = (what: string) =>
  ({ type: 'object', description: what, 'x-kubernetes-preserve-unknown-fields': true }) as const satisfies JsonSchema

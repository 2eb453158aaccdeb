import { maxChannelNameLength } from '../child-names.ts'
import { channelSchema } from './crd.ts'
import { companyExample, gatewayApiExample, ingressExample, minimalExample } from './examples.ts'
import { annotations, apiVersion, specSchema, statusSchema } from './realtime-channel.ts'
import type { StructuralSchema } from './schema/json-schema.ts'
import { settableOptions, tracingVariables, understoodVariables } from './schema/gateway-options.ts'
import { walkSchema, type SchemaField } from './walk-schema.ts'
import { toYaml } from './yaml.ts'

/** Returns docs/reference/realtimechannel.md, without the line that says that it is generated. */
export function renderChannelReference(): string {
  const sections = Object.entries(specSchema.properties).flatMap(([name, schema]) => [
    renderSection(`spec.${name}`, schema),
    ...(name === 'gateway' ? [variables] : []),
  ])
  return (
    [
      introduction,
      '## The least',
      yaml(minimalExample),
      ...sections,
      '## Rules',
      'The API server refuses values out of bounds. It also refuses what breaks one of these rules, with this message:',
      renderRules(),
      '## Annotations',
      'Requests to the operator, beside the spec.',
      renderAnnotations(),
      renderSection('status', statusSchema),
      '## Everything',
      'These three write every field but `auth.jwks.caSecretRef`, which has the form of `caConfigMapRef`. With an Ingress, a fixed number of pods, and a Kafka cluster of its own:',
      yaml(ingressExample),
      'With the Gateway API and an autoscaler:',
      yaml(gatewayApiExample),
      'Behind a proxy, with keys from a server whose certificate an authority of the company has signed:',
      yaml(companyExample),
    ].join('\n\n') + '\n'
  )
}

const introduction = `# RealtimeChannel

\`${apiVersion}\`, kind \`RealtimeChannel\`, namespaced; \`kubectl get rtc\`, \`kubectl get carillon\`, \`kubectl explain rtc.spec --recursive\`. ${channelSchema.description}

The name has at most ${maxChannelNameLength} characters, of a-z, 0-9 and -, and begins with a letter. It is the NAME in the channel's paths. \`kubectl scale\`
sets \`spec.gateway.replicas\`. [conditions.md](conditions.md) explains the conditions in the status.

In the tables, a field in **bold** is required: those of \`spec.auth\` in the channel or in its class, all others when their section is given. A default holds when neither the
channel nor its class sets the field; only that of \`spec.gateway.replicas\` is written into the channel. \`[]\` means each item of a list, \`*\` any key. Strings are bounded
in characters, lists and maps in entries.`

const listOfCode = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')
const variables = `\`spec.gateway.env\` may set these, which [configuration.md](configuration.md) explains: ${listOfCode(settableOptions)}. And these for tracing, which [observability.md](../observability.md#traces) explains: ${listOfCode(tracingVariables)}.`

/** Returns a section of a reference page: its description, and a table of its fields. */
export function renderSection(path: string, schema: StructuralSchema): string {
  const rows = walkSchema(schema, path)
    .slice(1)
    .filter(({ schema: field }) => !isItself(field))
    .map(renderRow)
  const table = rows.length === 0 ? [] : [['| field | value | default | what it says |', '|---|---|---|---|', ...rows].join('\n')]
  const whole = schema.default === undefined ? '' : ` Default: \`${JSON.stringify(schema.default)}\`.`
  return [`## ${path}`, `${schema.description}${whole}`, ...table].join('\n\n')
}

/** Returns whether an item says no more than its list does. */
const isItself = (schema: StructuralSchema): boolean =>
  schema.type === 'object' &&
  schema.properties === undefined &&
  schema.additionalProperties === undefined &&
  schema['x-kubernetes-preserve-unknown-fields'] !== true

function renderRow({ path, schema, isRequired }: SchemaField): string {
  const isEntry = path.endsWith('[]') || path.endsWith('*')
  const name = isRequired && !isEntry ? `**\`${path}\`**` : `\`${path}\``
  const value = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``
  return `| ${[name, describeValue(schema), value, schema.description].map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function describeValue(schema: StructuralSchema): string {
  return [typeOf(schema), boundsOf(schema), patternOf(schema)].filter((part) => part !== '').join(', ')
}

function typeOf(schema: StructuralSchema): string {
  if (schema.enum !== undefined)
    return schema.enum === understoodVariables ? 'a variable of the gateway' : schema.enum.map((value) => `\`${value}\``).join(' or ')
  if (schema['x-kubernetes-int-or-string'] === true) return 'number or text'
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return "object of Kubernetes' own API"
  if (schema.type === 'array') return schema['x-kubernetes-list-type'] === 'set' ? 'list without repetitions' : 'list'
  if (schema.type === 'object') return schema.additionalProperties === undefined ? 'object' : 'map'
  return { string: 'text', integer: 'whole number', boolean: 'true or false' }[schema.type ?? 'string']
}

function boundsOf(schema: StructuralSchema): string {
  const low = schema.minimum ?? schema.minLength ?? schema.minItems
  const high = schema.maximum ?? schema.maxLength ?? schema.maxItems ?? schema.maxProperties
  if (low !== undefined && high !== undefined) return `${low} to ${high}`
  return high === undefined ? '' : `at most ${high}`
}

/** Puts a pattern between two backquotes, because a pattern may hold one. */
const patternOf = ({ pattern }: StructuralSchema): string => (pattern === undefined ? '' : `matches \`\` ${pattern} \`\``)

function renderRules(): string {
  return walkSchema(channelSchema, '')
    .flatMap(({ path, schema }) =>
      (schema['x-kubernetes-validations'] ?? []).map(
        ({ message = '', fieldPath = '' }) => `- \`${path === '' ? 'metadata.name' : path}${fieldPath}\`: ${message}.`,
      ),
    )
    .join('\n')
}

/** The type makes an annotation without a description an error. */
const annotationMeanings: Readonly<Record<keyof typeof annotations, string>> = {
  paused: '`"true"`: the operator does not change this channel until the annotation is removed.',
  adopt: '`"true"`: use a topic that exists already and does not match the channel. Without the annotation, such a topic is refused.',
  plan: '`true`, or a JSON merge patch of `spec`: write the plan as an Event, once per value, for the channel as it is or as the patch would make it. Nothing is changed.',
  recreateTopic: '`"true"`: create the topic again after something other than the operator deleted it, although its records are lost.',
  leftBy:
    'The Lease of an operator that is configured for this channel, too, and leaves it to the operator that was there first. That second operator writes it, and removes it when the first one is gone.',
}

function renderAnnotations(): string {
  // Object.entries of the table gives exactly its keys: it is a literal and has no others.
  const rows = (Object.entries(annotations) as [keyof typeof annotations, string][]).map(
    ([key, name]) => `| \`${name}\` | ${annotationMeanings[key]} |`,
  )
  return ['| annotation | meaning |', '|---|---|', ...rows].join('\n')
}

/** Returns a manifest as a block of code. */
export function yaml(manifest: object): string {
  return `\`\`\`yaml\n${toYaml(manifest)}\`\`\``
}

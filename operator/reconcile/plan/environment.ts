import { renderOptionError, type OptionError } from '../../../program/options/option-error.ts'
import { options, type Option, type OptionName, type Options } from '../../../gateway/config/options.ts'
import { gatewayOptions } from '../../../gateway/config/bind-options.ts'
import { parseOptions } from '../../../gateway/config/parse-options.ts'
import type { OptionValueOf } from '../../../program/options/option.ts'
import { describeExpected, readOption } from '../../../program/options/read-option.ts'
import type { EnvironmentVariable } from '../../../program/options/environment.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import type { MountedFile, PodVariable } from '../../../cdk8s/operands/operand-input.ts'
import type { StoredSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { fieldsOfOptions } from '../../../api/v1alpha1/option-fields.ts'
import { retiredVariables } from '../../../api/v1alpha1/schema/gateway-options.ts'
import { fitOptions } from './fit-options.ts'
import { filesOfSpec, optionsOfSpec, type OptionSource } from './options-of-spec.ts'
import type { Refusal } from '../plan-types.ts'
import { tracingOfPod, variablesOfTracing, writtenVariables } from './tracing-of-pod.ts'

export interface GatewayEnvironment {
  readonly environment: readonly PodVariable[]
  readonly files: readonly MountedFile[]
}

/** Files are in the pod, not on this machine. */
const reader = { readable: () => true }

/** Written although they may equal a default: whoever reads the Deployment looks for them, and no default may ever take their place. */
const alwaysWritten: ReadonlySet<OptionName> = new Set<OptionName>([
  'channel',
  'nodeEnv',
  'kafkaBrokers',
  'kafkaTopic',
  'kafkaTopicEpoch',
  'kafkaCreateTopic',
])

/**
 * The environment of a channel's gateways. What equals the gateway's default is left out, so that it stays short. What `gateway.env` sets comes
 * last and wins over what is not the operator's own.
 *
 * The gateway's own parser reads it before any pod does: a pod that refuses its options would only crash, again and again, and say why in a log.
 */
export function gatewayEnvironment(spec: StoredSpec, source: OptionSource): Result<GatewayEnvironment, Refusal> {
  const retired = (spec.gateway.env ?? []).filter(({ name }) => Object.hasOwn(retiredVariables, name))
  if (retired.length > 0) return failed(refuseRetired(retired.map(({ name }) => name)))
  const users = writtenVariables(spec)
  const isUsers = (name: OptionName): boolean => users.has(options[name].env)
  const asked = pick(optionsOfSpec(spec, source), (name) => !isUsers(name))
  const given = { ...asked, ...fitOptions({ ...asked, ...readUsers(users) }, isUsers) }
  const written = pick(given, (name) => alwaysWritten.has(name) || !isDefault(name, given[name]))
  const theirs = gatewayOptions.names
    .filter(isUsers)
    .map((name) => ({ name: options[name].env, value: users.get(options[name].env) ?? '' }))
  const errors = errorsOf(written, theirs)
  if (errors.length > 0) return failed(refuse(errors, isUsers))
  return ok({
    environment: [...gatewayOptions.renderEnvironment(written), ...theirs, ...tracingOfPod(variablesOfTracing(spec))],
    files: filesOfSpec(spec, source.kafka),
  })
}

/** All that the gateway would find, and what it would read otherwise than it was meant. */
function errorsOf(written: Partial<Options>, theirs: readonly EnvironmentVariable[]): readonly OptionError[] {
  const ours = gatewayOptions.names
    .filter((name) => written[name] !== undefined)
    .map((name) => ({ name: options[name].env, value: textOf(written[name]) }))
  const parsed = parseOptions(Object.fromEntries([...ours, ...theirs].map(({ name, value }) => [name, value])), reader)
  const found = parsed.ok ? [] : parsed.error
  const unsayable = gatewayOptions.names.flatMap((name) => unsayableError(name, written[name]))
  return [...found, ...unsayable.filter(({ variable }) => !found.some((error) => error.variable === variable))]
}

function textOf(value: OptionValueOf | undefined): string {
  return typeof value === 'object' ? value.join(',') : String(value ?? '')
}

function pick(given: Partial<Options>, isWanted: (name: OptionName) => boolean): Partial<Options> {
  return Object.fromEntries(
    gatewayOptions.names.filter((name) => given[name] !== undefined && isWanted(name)).map((name) => [name, given[name]]),
  )
}

/** What people wrote, as far as it can be read; what cannot be, the parser tells of. */
function readUsers(users: ReadonlyMap<string, string>): Partial<Options> {
  const read = gatewayOptions.names.flatMap((name) => {
    const text = users.get(options[name].env)
    const value = text === undefined ? null : readOption(options[name], text, reader)
    return value?.ok === true ? [[name, value.value] as const] : []
  })
  return Object.fromEntries(read)
}

function isDefault(name: OptionName, value: OptionValueOf | undefined): boolean {
  return JSON.stringify(value) === JSON.stringify(options[name].default)
}

/** The schema of a channel may let through what no environment can say, such as a text with a blank at its end. */
function unsayableError(name: OptionName, value: OptionValueOf | undefined): readonly OptionError[] {
  const option: Option = options[name]
  if (value === undefined || isDefault(name, value)) return []
  const text = textOf(value)
  const read = readOption(option, text, reader)
  if (text !== '' && read.ok && JSON.stringify(read.value) === JSON.stringify(value)) return []
  return [{ variable: option.env, given: text.includes('@') ? null : text, expected: describeExpected(option) }]
}

function refuseRetired(variables: readonly string[]): Refusal {
  const lines = variables.map((name) => `spec.gateway.env[${name}] cannot be set any more: ${retiredVariables[name] ?? ''}`)
  return {
    about: 'GatewayAvailable',
    reason: 'InvalidGatewayOptions',
    message: `${lines.join('; ')}. Pods that run keep the value that they have.`,
  }
}

const maxErrors = 10

function refuse(errors: readonly OptionError[], isUsers: (name: OptionName) => boolean): Refusal {
  const lines = errors.slice(0, maxErrors).map((error) => `${fieldOf(error.variable, isUsers)}: ${renderOptionError(error)}`)
  const more = errors.length > maxErrors ? [`and ${errors.length - maxErrors} more`] : []
  return {
    about: 'GatewayAvailable',
    reason: 'InvalidGatewayOptions',
    message: `The gateway would refuse to start. ${[...lines, ...more].join('; ')}`,
  }
}

function fieldOf(variable: string, isUsers: (name: OptionName) => boolean): string {
  const name = gatewayOptions.names.find((each) => options[each].env === variable)
  if (name === undefined || isUsers(name)) return `spec.gateway.env[${variable}]`
  return fieldsOfOptions[name] ?? 'spec'
}

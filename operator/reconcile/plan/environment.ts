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

/** Reader that finds every file: files are in the pod, not on this machine. */
const reader = { readable: () => true }

/** Options that are written even if they equal a default: people who read the Deployment look for them, and no default may replace them. */
const alwaysWritten: ReadonlySet<OptionName> = new Set<OptionName>([
  'channel',
  'nodeEnv',
  'kafkaBrokers',
  'kafkaTopic',
  'kafkaTopicEpoch',
  'kafkaCreateTopic',
])

/**
 * Returns the environment of a channel's gateways. A value that equals the gateway's default is left out, which keeps it short. Variables of
 * `gateway.env` come last, and win over options that are not the operator's own.
 *
 * The gateway's own parser reads the environment before any pod does. A pod that refuses its options would only crash again and again, and say why in
 * its log.
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

/** Returns the errors that the gateway would find, and the values that it would read otherwise than they were meant. */
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

/** Returns the users' values that can be read. The parser reports the others. */
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

/** Returns an error for a value that no variable can hold, such as a string with a blank at its end. The schema of a channel may accept such a value. */
function unsayableError(name: OptionName, value: OptionValueOf | undefined): readonly OptionError[] {
  const option: Option = options[name]
  if (value === undefined || isDefault(name, value)) return []
  const text = textOf(value)
  const read = readOption(option, text, reader)
  if (text !== '' && read.ok && JSON.stringify(read.value) === JSON.stringify(value)) return []
  return [{ variable: option.env, given: text.includes('@') ? null : text, expected: describeExpected(option) }]
}

function refuseRetired(variables: readonly string[]): Refusal {
  const lines = variables.map((name) => `spec.gateway.env[${name}] can no longer be set: ${retiredVariables[name] ?? ''}`)
  return {
    about: 'GatewayAvailable',
    reason: 'InvalidGatewayOptions',
    message: `${lines.join('; ')}. Running pods keep their value.`,
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

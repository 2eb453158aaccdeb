import { parseArgs } from 'node:util'
import { messageOf } from '../../program/message-of.ts'
import { nearestName } from '../../program/options/nearest-name.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { Exit } from '../exit-codes.ts'
import { asSentence } from '../as-sentence.ts'
import { readWholeNumber } from '../whole-number.ts'
import { channels } from './channels.ts'
import type { ConnectOptions, PluginWorld } from './cluster.ts'
import { plan } from './plan.ts'
import { type PluginArguments, type PluginCommand, type PluginFlag, refusePlugin } from './plugin-command.ts'
import { status } from './status.ts'

export const pluginCommands: readonly PluginCommand[] = [channels, status, plan]

const flagHelp: Readonly<Record<PluginFlag, string>> = {
  'all-namespaces': '-A, --all-namespaces       List the channels of all namespaces.',
  filename: '-f, --filename FILE        File with one channel, as YAML or JSON; - is standard input.',
  'create-paused': '    --create-paused        Create a channel that does not exist, paused, and plan it.',
  timeout: '    --timeout SECONDS      Time for the answer of the operator. Default: 30.',
}

const commonHelp = `-n, --namespace NAME       Namespace. Default: that of the context.
      --context NAME         Context of the kubeconfig.
      --kubeconfig FILE      Kubeconfig. Default: KUBECONFIG, else ~/.kube/config.
      --json                 Print one JSON object.
  -h, --help                 Print this help.`

function renderPluginHelp(): string {
  const width = Math.max(...pluginCommands.map(({ usage }) => usage.length)) + 3
  return `kubectl carillon shows the channels of a cluster, and what the operator does for them.

Usage:
${pluginCommands.map(({ usage, summary }) => `  kubectl carillon ${usage.padEnd(width)}${summary}`).join('\n')}

Flags:
  ${commonHelp}

kubectl carillon COMMAND --help says more. --version prints the version.
Exit codes: 0 ok, 1 a channel is not ready or a request failed, 2 the command line is wrong.
`
}

function renderPluginCommandHelp({ name, usage, summary, about, flags }: PluginCommand): string {
  return `kubectl carillon ${name}: ${summary}

Usage: kubectl carillon ${usage} [flags]

${about.join('\n')}

Flags:
${flags.map((flag) => `  ${flagHelp[flag]}\n`).join('')}  ${commonHelp}
`
}

/** Runs the command that the arguments name. @param argv without the names of Node and of the script */
export async function runPlugin(argv: readonly string[], world: PluginWorld, version: string): Promise<Exit> {
  const [name = '', ...rest] = argv
  const known = pluginCommands.map((command) => command.name)
  if (name === '--version') return print(world, `${version}\n`)
  if (['--help', '-h', 'help', ''].includes(name)) return print(world, helpOf(rest[0]))
  const command = pluginCommands.find((one) => one.name === name)
  if (command === undefined) {
    const near = nearestName(name, known)
    return refusePlugin(
      world,
      'usage',
      `There is no command "${name}". ${near === null ? `Give one of ${known.join(', ')}.` : `Did you mean ${near}?`}`,
    )
  }
  const given = readArguments(command, rest)
  if (!given.ok) return refusePlugin(world, 'usage', given.error)
  if (given.value === null) return print(world, helpOf(name))
  const problem = command.problemOf?.(given.value.arguments) ?? null
  if (problem !== null) return refusePlugin(world, 'usage', problem)
  const kubeconfig = kubeconfigOf(given.value.connect, world)
  if (!kubeconfig.ok) return refusePlugin(world, 'usage', kubeconfig.error)
  const cluster = world.connect({ ...given.value.connect, kubeconfigFile: kubeconfig.value })
  if (!cluster.ok)
    return refusePlugin(world, 'failed', `No cluster to ask: ${cluster.error}. Give a kubeconfig with --kubeconfig FILE, or in KUBECONFIG.`)
  try {
    return await command.run(given.value.arguments, cluster.value, world)
  } finally {
    cluster.value.close()
  }
}

function helpOf(name: string | undefined): string {
  const command = pluginCommands.find((one) => one.name === name)
  return command === undefined ? renderPluginHelp() : renderPluginCommandHelp(command)
}

function print(world: PluginWorld, text: string): Exit {
  world.out(text)
  return 'ok'
}

/** kubectl merges several files. This command reads one. */
function kubeconfigOf({ kubeconfigFile }: ConnectOptions, { env }: PluginWorld): Result<string | null, string> {
  const files = (kubeconfigFile ?? env['KUBECONFIG'] ?? '').split(process.platform === 'win32' ? ';' : ':').filter((file) => file !== '')
  if (kubeconfigFile !== null) return ok(kubeconfigFile)
  if (files.length > 1)
    return failed(
      'KUBECONFIG names several files. Write them into one, with kubectl config view --flatten > FILE, and give it with --kubeconfig FILE.',
    )
  return ok(files[0] ?? null)
}

interface ReadArguments {
  readonly connect: ConnectOptions
  readonly arguments: PluginArguments
}

const options = {
  help: { type: 'boolean', short: 'h' },
  namespace: { type: 'string', short: 'n' },
  context: { type: 'string' },
  kubeconfig: { type: 'string' },
  json: { type: 'boolean' },
  'all-namespaces': { type: 'boolean', short: 'A' },
  filename: { type: 'string', short: 'f' },
  'create-paused': { type: 'boolean' },
  timeout: { type: 'string' },
} as const

const ofCommands = Object.keys(flagHelp)

/** @returns null for `--help`; an error with its remedy */
function readArguments(command: PluginCommand, argv: readonly string[]): Result<ReadArguments | null, string> {
  const parsed = parse(argv)
  if (!parsed.ok) return failed(`${asSentence(parsed.error)} kubectl carillon ${command.name} --help lists the flags.`)
  const { values, positionals } = parsed.value
  if (values.help === true) return ok(null)
  const unread = Object.keys(values).find((flag) => ofCommands.includes(flag) && !command.flags.some((one) => one === flag))
  if (unread !== undefined)
    return failed(`${command.name} has no flag --${unread}. kubectl carillon ${command.name} --help lists the flags.`)
  const most = command.usage.includes('NAME ') || command.usage.includes('(NAME') ? 1 : 0
  if (positionals.length > most) return failed(`"${positionals[most]}" is one argument too many. Usage: kubectl carillon ${command.usage}`)
  if (command.usage.startsWith(`${command.name} NAME`) && positionals.length === 0)
    return failed(`${command.name} needs the NAME of a channel. kubectl carillon channels lists them.`)
  const timeout = readWholeNumber(values.timeout, { flag: 'timeout', least: 1, most: 600, fallback: 30 })
  if (!timeout.ok) return timeout
  return ok({
    connect: { kubeconfigFile: values.kubeconfig ?? null, context: values.context ?? null, namespace: values.namespace ?? null },
    arguments: {
      names: positionals,
      file: values.filename ?? null,
      isEverywhere: values['all-namespaces'] ?? false,
      isJson: values.json ?? false,
      createPaused: values['create-paused'] ?? false,
      timeoutMs: timeout.value * 1000,
    },
  })
}

function parse(argv: readonly string[]) {
  try {
    return ok(parseArgs({ args: [...argv], allowPositionals: true, options }))
  } catch (error) {
    // An unknown flag, one without its value, or a value for a flag that takes none. The message names it.
    return failed(messageOf(error))
  }
}

#!/usr/bin/env node
/** The composition root: reads the environment and the command line, builds the adapters, listens to signals. */
import { readFileSync } from 'node:fs'
import { isReadable, listenToSignals } from '../program/process.ts'
import { boundOperatorOptions } from './config/bind-options.ts'
import { parseOperatorOptions, type OperatorStart } from './config/parse-options.ts'
import { operatorWarnings } from './config/warnings.ts'
import type { Run } from './run.ts'

const packageJson = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string } // our own file

/** Runs the operator. @returns the exit code */
async function main(): Promise<number> {
  const start = parseOperatorOptions(process.env, process.argv.slice(2), { readable: isReadable })
  if (!start.ok) return refuse(boundOperatorOptions.renderErrors(start.error))
  switch (start.value.kind) {
    case 'help':
      process.stdout.write(boundOperatorOptions.renderHelp())
      return 0
    case 'version':
      process.stdout.write(`${packageJson.version}\n`)
      return 0
    case 'run':
      return run(start.value)
    default:
      return start.value satisfies never
  }
}

async function run({ config, mode, env }: Extract<OperatorStart, { kind: 'run' }>): Promise<number> {
  // The Kubernetes and Kafka clients take a second to load. `--help` and option errors do not wait for them.
  const { createOperatorAdapters } = await import('./adapters.ts')
  const adapters = createOperatorAdapters(config, { version: packageJson.version })
  if (!adapters.ok) return refuse(`Carillon's operator could not start: ${adapters.error}`)
  for (const warning of operatorWarnings(env, config, mode)) adapters.value.logger.warn({ warning }, 'suspicious option')
  const signals = listenToSignals()
  void signals.second.then(() => process.exit(1))
  const task: Run = {
    config,
    mode,
    adapters: adapters.value,
    stopped: signals.first,
    print: (line) => void process.stdout.write(`${line}\n`),
  }
  try {
    return await perform(task)
  } finally {
    await adapters.value.stop()
  }
}

async function perform(task: Run): Promise<number> {
  switch (task.mode.task) {
    case 'serve':
      return (await import('./serve.ts')).serve(task)
    case 'once':
      return (await import('./once.ts')).runOnce(task)
    case 'release-finalizers':
      return (await import('./release.ts')).runRelease(task)
    default:
      return task.mode.task satisfies never
  }
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n`)
  return 2
}

process.exit(
  await main().catch((error: unknown) => {
    process.stderr.write(`Carillon's operator failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    return 1
  }),
)

#!/usr/bin/env node
/** The composition root: reads the environment, builds the adapters, listens to signals. */
import { messageOf } from '../program/message-of.ts'
import { readFileSync } from 'node:fs'
import { createGatewayAdapters } from './adapters.ts'
import { renderBanner, renderWait } from './banner.ts'
import { gatewayOptions } from './config/bind-options.ts'
import type { Config } from './config/options.ts'
import { parseOptions } from './config/parse-options.ts'
import { configWarnings } from './config/warnings.ts'
import { startGateway } from './gateway.ts'
import { escapeControls } from '../program/log/escape-controls.ts'
import { isReadable, listenToSignals, readMaxOpenFiles } from '../program/process.ts'

const packageJson = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string } // our own file

async function main(): Promise<void> {
  const commandLine = gatewayOptions.parseCommandLine(process.argv.slice(2))
  if (!commandLine.ok) return refuse(gatewayOptions.renderErrors(commandLine.error))
  if (commandLine.value.kind === 'help') return void process.stdout.write(gatewayOptions.renderHelp())
  if (commandLine.value.kind === 'version') return void process.stdout.write(`${packageJson.version}\n`)
  const env = { ...process.env, ...commandLine.value.env }
  const config = parseOptions(env, { readable: isReadable })
  if (!config.ok) return refuse(gatewayOptions.renderErrors(config.error))
  await run(config.value, env)
}

async function run(config: Config, env: NodeJS.ProcessEnv): Promise<void> {
  const signals = listenToSignals()
  const adapters = await createGatewayAdapters(config, { env, version: packageJson.version })
  for (const warning of configWarnings(env, config, { maxOpenFiles: readMaxOpenFiles() }))
    adapters.logger.warn({ warning }, 'suspicious option')
  const waitNotice = setTimeout(() => process.stdout.write(renderWait(config)), 2_000)
  const gateway = await unlessEarlier(startGateway(config, adapters), signals.first)
  clearTimeout(waitNotice)
  // A signal came while it waited for a broker. PID 1 of a container ignores signals without a handler, so it exits here.
  if (gateway === null) return process.exit(0)
  if (config.isDevelopment && config.logLevel !== 'silent') process.stdout.write(renderBanner(config, gateway.ports))
  const signal = await signals.first
  adapters.logger.info({ signal }, 'stopping; a second signal exits at once')
  void signals.second.then(() => process.exit(1))
  await gateway.stop().catch((error: unknown) => {
    adapters.logger.error({ err: error }, 'shutdown failed')
    process.exit(1)
  })
  process.exit(0)
}

/** Resolves with the value of `promise`, or with null if `other` resolves earlier. */
function unlessEarlier<T>(promise: Promise<T>, other: Promise<unknown>): Promise<T | null> {
  return Promise.race([promise, other.then(() => null)])
}

function refuse(message: string): void {
  process.stderr.write(`${message}\n`)
  process.exitCode = 2
}

await main().catch((error: unknown) => {
  process.stderr.write(`Carillon could not start: ${escapeControls(messageOf(error))}\n`)
  process.exit(1)
})

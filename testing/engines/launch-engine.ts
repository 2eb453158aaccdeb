import { findCommand } from '../../scripts/find-command.ts'
import { chromiumPath, engineCommands } from './commands.ts'
import type { Engine } from './engine.ts'
import { launchPuppeteer } from './puppeteer-engine.ts'
import { launchWebKit } from './webkit-engine.ts'

export const engineNames = ['chromium', 'firefox', 'webkit'] as const

export type EngineName = (typeof engineNames)[number]

/** Starts an engine without a visible window. @throws when a program of it is missing, or does not start */
export function launchEngine(name: EngineName): Promise<Engine> {
  if (name === 'chromium') return launchPuppeteer('chromium', chromiumPath(process.env))
  if (name === 'firefox') return launchPuppeteer('firefox', pathOf('firefox'))
  return launchWebKit({ webKitWebDriver: pathOf('webKitWebDriver'), xvfb: pathOf('xvfb') })
}

function pathOf(command: keyof typeof engineCommands): string {
  const names = engineCommands[command]
  const path = names.map((name) => findCommand(name)).find((found) => found !== null)
  if (path === undefined || path === null) throw new Error(`The PATH has no ${names.join(' or ')}. \`make engines\` says how to get it.`)
  return path
}
